/* SPDX-License-Identifier: ISC */

/* ssh.config, ssh.update, ssh.bindiface_choices, and service.*. */

#include "lib/store/ssh_service.h"
#include "tests/unit/methods_fixture.h"

#define UPDATE	"ssh.update"
#define CONFIG	"ssh.config"

START_TEST(defaults)
{
	static const char *const rows[][2] = {
		{ "id", "1" }, { "tcpport", "22" }, { "bindiface", "[]" },
		{ "password_login_groups", "[]" }, { "passwordauth", "false" },
		{ "kerberosauth", "false" }, { "tcpfwd", "false" },
		{ "compression", "false" }, { "sftp_log_level", "''" },
		{ "sftp_log_facility", "''" }, { "weak_ciphers", "[]" },
		{ "options", "''" }, { "revoked_keys", "true" },
		{ "key_files", "null" }, { "host_key_types", "[]" },
		{ "host_certificates", "[]" }, { "chained_command", "''" },
		{ "privatekey", "null" }, { "host_key", "null" },
		{ "host_rsa_key", "null" }, { "host_rsa_key_pub", "null" },
		{ "host_ed25519_key_cert_pub", "null" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(CONFIG, "[]", rows[i][0], rows[i][1]);
}
END_TEST

static const char *const good[][2] = {
	{ "tcpport", "1" }, { "tcpport", "65535" },
	{ "bindiface", "['lo']" }, { "bindiface", "[]" },
	{ "password_login_groups", "['crew','DOM\\\\domain users']" },
	{ "passwordauth", "true" }, { "kerberosauth", "true" },
	{ "tcpfwd", "true" }, { "compression", "true" },
	{ "sftp_log_level", "'DEBUG3'" }, { "sftp_log_level", "''" },
	{ "sftp_log_facility", "'LOCAL7'" },
	{ "weak_ciphers", "['AES128-CBC','NONE']" },
	{ "options", "'MaxAuthTries 3\\n\\n# \\tnote\\n'" },
	{ "revoked_keys", "false" }, { "key_files", "'CENTRAL'" },
	{ "key_files", "'OWN'" }, { "key_files", "null" },
	{ "host_key_types", "['ED25519','RSA']" },
	{ "host_certificates", "['/etc/ssh/x-cert.pub']" },
};

START_TEST(taken)
{
	char params[256];

	(void)snprintf(params, sizeof(params), "[{'%s':%s}]", good[_i][0],
	    good[_i][1]);
	expect(UPDATE, params, good[_i][0], good[_i][1]);
	expect(CONFIG, "[]", good[_i][0], good[_i][1]);
}
END_TEST

static const struct {
	const char	*member, *value, *text;
} bad[] = {
	{ "tcpport", "0", "Input should be greater than or equal to 1" },
	{ "tcpport", "65536", "Input should be less than or equal to 65535" },
	{ "tcpport", "'22'", "Input should be a valid integer" },
	{ "bindiface", "['nope0','lo','nope1']", "The following interfaces "
	    "are not valid: nope0, nope1" },
	{ "password_login_groups", "['a*']", "a*: sshd's Match Group cannot "
	    "mean this name alone" },
	{ "password_login_groups", "['!a']", "!a: sshd's Match Group cannot "
	    "mean this name alone" },
	{ "password_login_groups", "['a,b']", "a,b: sshd's Match Group "
	    "cannot mean this name alone" },
	{ "password_login_groups", "['a\\\\']", "a\\: sshd's Match Group "
	    "cannot mean this name alone" },
	{ "sftp_log_level", "'info'", "Input should be '', 'QUIET', 'FATAL', "
	    "'ERROR', 'INFO', 'VERBOSE', 'DEBUG', 'DEBUG2' or 'DEBUG3'" },
	{ "sftp_log_facility", "'LOCAL8'", "Input should be '', 'DAEMON', "
	    "'USER', 'AUTH', 'LOCAL0', 'LOCAL1', 'LOCAL2', 'LOCAL3', "
	    "'LOCAL4', 'LOCAL5', 'LOCAL6' or 'LOCAL7'" },
	{ "weak_ciphers", "['3DES']", "Input should be 'AES128-CBC' or "
	    "'NONE'" },
	{ "key_files", "'HOME'", "Input should be 'OWN', 'NONE' or "
	    "'CENTRAL'" },
	{ "host_key_types", "['DSA']", "Input should be 'RSA', 'ECDSA' or "
	    "'ED25519'" },
	{ "host_certificates", "['x']", "A certificate is named by an "
	    "absolute path without blanks and quotes" },
	{ "host_certificates", "['/a b']", "A certificate is named by an "
	    "absolute path without blanks and quotes" },
	{ "privatekey", "'x'", "Extra inputs are not permitted" },
	{ "chained_command", "'/x'", "Extra inputs are not permitted" },
};

START_TEST(refused_field)
{
	char params[256], attribute[64], *before = contents(), *after;
	json_t *v, *is;

	v = call(CONFIG, "[]");
	(void)snprintf(params, sizeof(params), "[{'compression':true,"
	    "'%s':%s}]", bad[_i].member, bad[_i].value);
	(void)snprintf(attribute, sizeof(attribute), "ssh_update.%s",
	    bad[_i].member);
	refused_once(UPDATE, params, attribute, bad[_i].text, EINVAL);
	is = call(CONFIG, "[]");
	ck_assert(json_equal(v, is));
	after = contents();
	ck_assert_str_eq(before, after);
	json_decref(v);
	json_decref(is);
	free(before);
	free(after);
}
END_TEST

/* A control character could hide a line from who reads the settings. */
START_TEST(options_bytes)
{
	json_t *v = call(UPDATE, "[{'options':'a\\rPort 1'}]");

	ck_assert_str_eq(json_string_value(at(v, "error.data.extra.0.0")),
	    "ssh_update.options");
	json_decref(v);
	expect(CONFIG, "[]", "options", "''");
}
END_TEST

START_TEST(audited)
{
	done(UPDATE, "[{'tcpport':2222,'compression':false}]");
	expect("naskeys.audit.query", "[[['action','=','ssh.update']],"
	    "{'get':true}]", "text", "'Update SSH configuration'");
	expect("naskeys.audit.query", "[[['action','=','ssh.update']],"
	    "{'get':true}]", "after", "{'tcpport':2222}");
	/* what changes nothing is no edit */
	done(UPDATE, "[{'tcpport':2222}]");
	done(UPDATE, "[{}]");
	expect("naskeys.audit.query", "[[['action','=','ssh.update']],"
	    "{'count':true}]", "", "1");
	/* a word twice is there once */
	done(UPDATE, "[{'password_login_groups':['b','a','b']}]");
	expect(CONFIG, "[]", "password_login_groups", "['b','a']");
}
END_TEST

START_TEST(rights)
{
	as(5001);
	refused(CONFIG, "[]", "", "Not authorized", EACCES);
	refused(UPDATE, "[{'tcpport':2}]", "", "Not authorized", EACCES);
	as(5002);
	done(UPDATE, "[{'tcpport':2}]");
	expect("ssh.bindiface_choices", "[]", "lo", "'lo'");
}
END_TEST

/* What lies in a folder of somebody's own is no sshd's. */
START_TEST(not_the_machine)
{
	refused("ssh.apply", "[]", "", "This is not the machine's own state: "
	    "sshd's configuration is left alone", EPERM);
	refused("ssh.confirm", "[]", "", "This is not the machine's own "
	    "state: sshd's configuration is left alone", EPERM);
	refused_once("ssh.apply", "[{'confirm_within':4}]",
	    "options.confirm_within", "Input should be greater than or equal "
	    "to 5", EINVAL);
	refused_once("ssh.apply", "[{'confirm_within':86401}]",
	    "options.confirm_within", "Input should be less than or equal to "
	    "86400", EINVAL);
	as(5001);
	refused("ssh.apply", "[]", "", "Not authorized", EACCES);
	refused("ssh.confirm", "[]", "", "Not authorized", EACCES);
}
END_TEST

/* ---- service.* ---- */

#define OUTSIDE	"This is not the machine's own state: sshd's configuration " \
		"is left alone"

START_TEST(service_row)
{
	expect("service.query", "[]", "", "[{'id':1,'service':'ssh',"
	    "'enable':false,'state':'UNKNOWN','pids':[]}]");
	expect("service.query", "[[['service','=','ssh']],{'get':true}]",
	    "state", "'UNKNOWN'");
	expect("service.query", "[[['service','=','cifs']]]", "", "[]");
	expect("service.query", "[[],{'count':true}]", "", "1");
	expect("ssh.host_keys", "[]", "", "[]");
}
END_TEST

static const struct {
	const char	*method, *params, *text;
	int		 number;
} denied[] = {
	{ "service.update", "['ssh',{'enable':true}]", OUTSIDE, EPERM },
	{ "service.update", "[1,{'enable':true}]", OUTSIDE, EPERM },
	{ "service.update", "[2,{'enable':true}]", "There is no such service: "
	    "naskeys has \"ssh\" (1) alone", ENOENT },
	{ "service.update", "['cifs',{'enable':true}]", "There is no such "
	    "service: naskeys has \"ssh\" (1) alone", ENOENT },
	{ "service.update", "[true,{'enable':true}]", "There is no such "
	    "service: naskeys has \"ssh\" (1) alone", ENOENT },
	{ "service.control", "['STOP','ssh']", OUTSIDE, EPERM },
	{ "service.control", "['STOP','cifs']", "There is no such service: "
	    "naskeys has \"ssh\" alone", ENOENT },
	{ "service.start", "['ssh']", OUTSIDE, EPERM },
	{ "ssh.host_key_accept", "['/x']", OUTSIDE, EPERM },
	{ "ssh.host_key_restore", "['/x']", OUTSIDE, EPERM },
	{ "ssh.host_key_forget", "['/x']", OUTSIDE, EPERM },
	{ "ssh.host_key_generate", "['RSA']", OUTSIDE, EPERM },
	{ "service.stop", "['ssh',{'silent':true}]", OUTSIDE, EPERM },
	{ "service.restart", "['ssh',{'silent':false}]", OUTSIDE, EPERM },
	{ "service.reload", "['']", "There is no such service: naskeys has "
	    "\"ssh\" alone", ENOENT },
};

START_TEST(service_denied)
{
	char *before = contents(), *after;

	refused(denied[_i].method, denied[_i].params, "", denied[_i].text,
	    denied[_i].number);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(service_arguments)
{
	refused_once("service.control", "['stop','ssh']", "verb", "Input "
	    "should be 'START', 'STOP', 'RESTART' or 'RELOAD'", EINVAL);
	refused_once("service.control", "['STOP','ssh',{'silent':1}]",
	    "options.silent", "Input should be a valid boolean", EINVAL);
	refused_once("service.update", "['ssh',{}]",
	    "service_update.enable", "Field required", EINVAL);
	refused_once("service.update", "['ssh',{'enable':true,'state':1}]",
	    "service_update.state", "Extra inputs are not permitted",
	    EINVAL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods_ssh");
	TCase *tc = tcase_create("ssh");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_add_test(tc, defaults);
	tcase_add_loop_test(tc, taken, 0, LENGTH(good));
	tcase_add_loop_test(tc, refused_field, 0, LENGTH(bad));
	tcase_add_test(tc, options_bytes);
	tcase_add_test(tc, audited);
	tcase_add_test(tc, rights);
	tcase_add_test(tc, not_the_machine);
	tcase_add_test(tc, service_row);
	tcase_add_loop_test(tc, service_denied, 0, LENGTH(denied));
	tcase_add_test(tc, service_arguments);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
