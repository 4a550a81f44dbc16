/* SPDX-License-Identifier: ISC */

/* The rules of users, groups and keys, as a client sees them. */

#include <sys/wait.h>

#include "tests/unit/methods_fixture.h"

#define NAMES	"Valid characters are: 'a, b, c, d, e, f, g, h, i, j, k, " \
	"l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F, G, " \
	"H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z, 0, 1, 2, " \
	"3, 4, 5, 6, 7, 8, 9, _, -, .'"

/* A new user that would be taken, but for what stands in it besides. */
#define NEW(more) \
	"[{'username':'dora','group_create':true,'password':'x'" more "}]"
#define UPDATE(id, more)	"[" #id ",{" more "}]"

#define ASKERS	4	/* helpers that ask at the same time, */
#define UIDS	12	/* so often each */

static const struct row {
	const char	*method;
	const char	*params;
	const char	*attribute;	/* "": a call error */
	const char	*text;
	int		 number;
} refusals[] = {
	/* the schema */
	{ "user.create", "[]", "user_create", "Field required", EINVAL },
	{ "user.create", "[{}]", "user_create.username", "Field required",
	    EINVAL },
	{ "user.create", NEW(",'nope':1"), "user_create.nope",
	    "Extra inputs are not permitted", EINVAL },
	{ "user.create", NEW(",'uid':'5'"), "user_create.uid",
	    "Input should be a valid integer", EINVAL },
	{ "user.create", NEW(",'uid':-1"), "user_create.uid",
	    "Input should be greater than or equal to 0", EINVAL },
	{ "user.create", NEW(",'uid':90000001"), "user_create.uid",
	    "Input should be less than or equal to 90000000", EINVAL },
	{ "user.create", NEW("}, 2, {'x':1"), "",
	    "Too many arguments (expected 1, found 3)", EINVAL },
	{ "user.update", "[2,{'uid':5}]", "user_update.uid",
	    "Extra inputs are not permitted", EINVAL },
	{ "user.update", "[2,{'group_create':true}]",
	    "user_update.group_create", "Extra inputs are not permitted",
	    EINVAL },
	/* names */
	{ "user.create", "[{'username':'','password':'x'}]",
	    "user_create.username",
	    "Value error, Must be at least 1 character in length", EINVAL },
	{ "user.create", "[{'username':'-rf'}]", "user_create.username",
	    "Value error, Cannot start with \"'-'\"", EINVAL },
	{ "user.create", "[{'username':'a b'}]", "user_create.username",
	    "Value error, " NAMES, EINVAL },
	{ "user.create", "[{'username':'\\u00e4rger'}]",
	    "user_create.username",
	    "Value error, Cannot start with \"'\xc3\xa4'\"", EINVAL },
	{ "user.create", "[{'username':'a23456789012345678901234567890123'}]",
	    "user_create.username",
	    "Value error, Cannot exceed 32 charaters in length", EINVAL },
	{ "user.update", UPDATE(2, "'username':'a:b'"),
	    "user_update.username", "Value error, " NAMES, EINVAL },
	{ "user.create", "[{'username':'alice','group_create':true,"
	    "'password':'x'}]", "user_create.username",
	    "The username \"alice\" already exists.", EEXIST },
	{ "user.create", "[{'username':'bin','group':2,'password':'x'}]",
	    "user_create.username", "The username \"bin\" already exists.",
	    EEXIST },
	{ "user.update", UPDATE(2, "'username':'bob'"),
	    "user_update.username", "The username \"bob\" already exists.",
	    EEXIST },
	{ "user.update", UPDATE(2, "'username':'games'"),
	    "user_update.username", "The username \"games\" already exists.",
	    EEXIST },
	/* ids */
	{ "user.create", NEW(",'uid':5001"), "user_create.uid",
	    "Uid 5001 is already used (user alice has it)", EEXIST },
	{ "user.create", NEW(",'uid':999"), "user_create.uid",
	    "Uid 999 is below the smallest that naskeys serves, 1000.",
	    EINVAL },
	{ "user.create", NEW(",'uid':0"), "user_create.uid",
	    "Uid 0 is below the smallest that naskeys serves, 1000.",
	    EINVAL },
	{ "user.create", NEW(",'uid':65534"), "user_create.uid",
	    "Uid 65534 stands for nobody.", EINVAL },
	{ "user.create", NEW(",'uid':65535"), "user_create.uid",
	    "Uid 65535 stands for nobody.", EINVAL },
	{ "user.create", "[{'username':'nobody','managed':false}]",
	    "user_create.username", "Uid 65534, which the name service gives "
	    "this account, stands for nobody: nobody logs in with keys.",
	    EINVAL },
	/* groups */
	{ "user.create", "[{'username':'dora','password':'x'}]",
	    "user_create.group", "Enter either a group name or create a new "
	    "group to continue.", EINVAL },
	{ "user.create", NEW(",'group':2"), "user_create.group", "Enter "
	    "either a group name or create a new group to continue.",
	    EINVAL },
	{ "user.create", "[{'username':'dora','password':'x','group':77}]",
	    "user_create.group", "Group 77 not found", ENOENT },
	{ "user.create", "[{'username':'dora','password':'x','group':0}]",
	    "user_create.group", "Group 0 not found", ENOENT },
	{ "user.create", "[{'username':'dora','password':'x','group':1}]",
	    "user_create.group",
	    "builtin_administrators cannot be a primary group.", EINVAL },
	{ "user.create", "[{'username':'builtin_administrators',"
	    "'password':'x','group_create':true}]",
	    "user_create.group_create", "builtin_administrators: a builtin "
	    "group cannot be a primary group.", EINVAL },
	{ "user.create", "[{'username':'adm','password':'x',"
	    "'group_create':true}]", "user_create.group_create",
	    "A Group with the name \"adm\" already exists.", EEXIST },
	{ "user.update", UPDATE(2, "'group':null"), "user_update.group",
	    "User must have a primary group", EINVAL },
	{ "user.update", UPDATE(2, "'group':77"), "user_update.group",
	    "Group 77 not found", ENOENT },
	{ "user.create", NEW(",'groups':[2,77]"), "user_create.groups.1",
	    "This group does not exist.", EINVAL },
	{ "user.create", NEW(",'groups':[100000005]"),
	    "user_create.groups.0", "Local users may not be members of "
	    "directory services groups.", EINVAL },
	{ "user.create", NEW(",'groups':[2],'admin':true"),
	    "user_create.admin", "\"admin\" and membership of "
	    "builtin_administrators in \"groups\" are the same and must "
	    "agree.", EINVAL },
	/* passwords */
	{ "user.create", "[{'username':'dora','group':2}]",
	    "user_create.password", "Password is required", EINVAL },
	{ "user.create", "[{'username':'dora','group':2,'password':''}]",
	    "user_create.password", "Password is required", EINVAL },
	{ "user.create", NEW(",'random_password':true"),
	    "user_create.random_password", "Requesting a randomized password "
	    "while simultaneously supplying an explicit password is not "
	    "permitted.", EINVAL },
	{ "user.create", NEW(",'password_disabled':true"),
	    "user_create.password_disabled", "Leave \"Password\" blank when "
	    "\"Disable password login\" is checked.", EINVAL },
	{ "user.update", UPDATE(5, "'password':'x'"),
	    "user_update.password_disabled", "Leave \"Password\" blank when "
	    "\"Disable password login\" is checked.", EINVAL },
	/* homes */
	{ "user.create", NEW(",'home':'tank/x'"), "user_create.home",
	    "\"Home Directory\" must be an absolute path.", EINVAL },
	{ "user.create", NEW(",'home':'/a:b'"), "user_create.home",
	    "\"Home Directory\" cannot contain colons (:).", EINVAL },
	{ "user.create", NEW(",'home':'/etc/passwd'"), "user_create.home",
	    "\"Home Directory\" cannot be a file.", EINVAL },
	{ "user.create", NEW(",'home':'/a/../etc'"), "user_create.home",
	    "\"Home Directory\" cannot contain \".\" or \"..\".", EINVAL },
	{ "user.create", NEW(",'home':'/root'"), "user_create.home",
	    "/root: homedir already used by root.", EEXIST },
	{ "user.create", NEW(",'home_create':true"),
	    "user_create.home_create",
	    "Give \"home\": the folder in which the home is made.", EINVAL },
	{ "user.create", NEW(",'home':'/nowhere/x','home_create':true"),
	    "user_create.home", "/nowhere/x: parent path of specified home "
	    "directory does not exist.", EINVAL },
	{ "user.create", NEW(",'home':'/tmp','home_create':true"),
	    "user_create.home", "/tmp: a home is made only in a folder that "
	    "root owns along its whole path and that nobody else can write "
	    "to.", EINVAL },
	{ "user.create", NEW(",'home_mode':'888'"), "user_create.home_mode",
	    "Please provide a valid value for home_mode attribute", EINVAL },
	{ "user.create", NEW(",'home_mode':'1777'"), "user_create.home_mode",
	    "Please provide a valid value for home_mode attribute", EINVAL },
	{ "user.create", NEW(",'home_mode':'-7'"), "user_create.home_mode",
	    "Please provide a valid value for home_mode attribute", EINVAL },
	{ "user.create", NEW(",'home_mode':'300'"), "user_create.home_mode",
	    "Home directory must be readable by User.", EINVAL },
	{ "user.create", NEW(",'home_mode':'600'"), "user_create.home_mode",
	    "Home directory must be executable by User.", EINVAL },
	{ "user.create", NEW(",'uid':6009,'home':'/usr','home_mode':'700'"),
	    "user_create.home", "/usr: The home directory does not belong "
	    "to the user; it may not be mounted. If it is meant for this "
	    "user, give it to uid 6009 first.", EINVAL },
	{ "user.create", NEW(",'full_name':'a:b'"), "user_create.full_name",
	    "The ':' character is not allowed.", EINVAL },
	{ "user.update", UPDATE(2, "'full_name':'a\\nb'"),
	    "user_update.full_name", "The '\\n' character is not allowed.",
	    EINVAL },
	{ "user.create", NEW(",'full_name':'a\\tb\\u001b'"),
	    "user_create.full_name", "A name is one line without control "
	    "characters.", EINVAL },
	{ "user.create", NEW(",'email':'d@x\\u001b'"), "user_create.email",
	    "An address is one line without control characters.", EINVAL },
	{ "user.update", UPDATE(2, "'email':'d@x\\nBcc: e@x'"),
	    "user_update.email",
	    "An address is one line without control characters.",
	    EINVAL },
	{ "user.create", NEW(",'shell':'/bin/nope'"), "user_create.shell",
	    "Please select a valid shell.", EINVAL },
	{ "user.update", UPDATE(2, "'shell':'/usr/bin/cli'"),
	    "user_update.shell", "Please select a valid shell.", EINVAL },
	{ "user.create", NEW(",'shell':'/usr/sbin/nologin',"
	    "'home':'/home/dora','ssh_password_enabled':true"),
	    "user_create.shell",
	    "SSH password login requires a login shell.", EINVAL },
	{ "user.create", NEW(",'ssh_password_enabled':true"),
	    "user_create.ssh_password_enabled",
	    "Cannot be enabled without a valid home path and login shell.",
	    EINVAL },
	{ "user.create", NEW(",'home':'/var/empty',"
	    "'ssh_password_enabled':true"), "user_create.home",
	    "SSH password login requires a valid home path.", EINVAL },
	{ "user.create", NEW(",'sudo_commands':['/bin/sh','ALL']"),
	    "user_create.sudo_commands.1",
	    "ALL cannot be used with other commands", EINVAL },
	{ "user.update", UPDATE(2, "'sudo_commands_nopasswd':['sh']"),
	    "user_update.sudo_commands_nopasswd.0",
	    "Executable must be an absolute path", EINVAL },
	{ "user.create", NEW(",'sudo_commands':['/bin/none']"),
	    "user_create.sudo_commands.0",
	    "No paths matching '/bin/none' exist", EINVAL },
	{ "user.create", NEW(",'userns_idmap':'X'"),
	    "user_create.userns_idmap",
	    "Input should be null, \"DIRECT\" or an integer from 1", EINVAL },
	{ "user.create", NEW(",'userns_idmap':7,'groups':[1]"),
	    "user_create.userns_idmap", "User namespace idmaps may not be "
	    "configured for privileged accounts.", EINVAL },
	{ "user.create", NEW(",'account_expires_at':'1969-12-31'"),
	    "user_create.account_expires_at",
	    "The date must not be before 1970.", EINVAL },
	{ "user.create", NEW(",'account_expires_at':'soon'"),
	    "user_create.account_expires_at",
	    "Input should be a valid datetime", EINVAL },
	{ "user.update", UPDATE(2, "'accept_uid':true"),
	    "user_update.accept_uid",
	    "naskeys manages this account, and its uid with it.", EINVAL },
	/* keys in the text */
	{ "user.create", NEW(",'sshpubkey':'old'"), "user_create.sshpubkey",
	    "line 1: this is no public key: paste the whole line of a .pub "
	    "file, which reads TYPE BASE64 COMMENT, with key options, if "
	    "any, before the type", EINVAL },
	/* root, and accounts that live elsewhere */
	{ "user.update", UPDATE(1, "'groups':[]"), "user_update.groups",
	    "The root user must remain a member of the "
	    "builtin_administrators group.", EINVAL },
	{ "user.update", UPDATE(1, "'groups':[1,2]"), "user_update.groups",
	    "The root user may only be a member of the "
	    "builtin_administrators group.", EINVAL },
	{ "user.update", UPDATE(1, "'admin':false"), "user_update.admin",
	    "The root user must remain a member of the "
	    "builtin_administrators group.", EINVAL },
	{ "user.update", UPDATE(1, "'username':'toor'"),
	    "user_update.username", "This attribute cannot be changed",
	    EINVAL },
	{ "user.update", UPDATE(1, "'home':'/x'"), "user_update.home",
	    "This attribute cannot be changed", EINVAL },
	{ "user.update", UPDATE(1, "'home_mode':'700'"),
	    "user_update.home_mode", "This attribute cannot be changed",
	    EINVAL },
	{ "user.update", UPDATE(1, "'group':2"), "user_update.group",
	    "This attribute cannot be changed", EINVAL },
	{ "user.update", UPDATE(1, "'smb':true"), "user_update.smb",
	    "This attribute cannot be changed", EINVAL },
	{ "user.update", UPDATE(1, "'webshare':true"),
	    "user_update.webshare",
	    "The root user is not allowed access via webshare.", EINVAL },
	{ "user.update", UPDATE(1, "'password':'x'"), "user_update.password",
	    "This belongs to the name service that has the account.",
	    EINVAL },
	{ "user.update", UPDATE(1, "'accept_uid':true"),
	    "user_update.accept_uid", "root's uid is always 0.", EINVAL },
	{ "user.update", UPDATE(4, "'shell':'/bin/sh'"), "user_update.shell",
	    "This belongs to the name service that has the account.",
	    EINVAL },
	{ "user.update", UPDATE(4, "'username':'x'"),
	    "user_update.username",
	    "This belongs to the name service that has the account.",
	    EINVAL },
	{ "user.update", UPDATE(4, "'groups':[2]"), "user_update.groups",
	    "Only an account that naskeys manages can be in its groups.",
	    EINVAL },
	{ "user.update", UPDATE(4, "'admin':true"), "user_update.admin",
	    "Only an account that naskeys manages can be an administrator "
	    "here: put this one into the group naskeys-admin.", EINVAL },
	{ "user.create", "[{'username':'no-such-user','managed':false}]",
	    "user_create.username", "No name service of this machine knows a "
	    "user \"no-such-user\".", ENOENT },
	{ "user.create", "[{'username':'a/b','managed':false}]",
	    "user_create.username",
	    "Value error, Cannot contain \"/\" or \":\"", EINVAL },
	{ "user.create", "[{'username':'bin','managed':false,'uid':5}]",
	    "user_create.uid",
	    "This belongs to the name service that has the account.",
	    EINVAL },
	/* rows that are not there, or not ours */
	{ "user.get_instance", "[77]", NULL, "User 77 does not exist",
	    ENOENT },
	{ "user.update", "[77,{}]", NULL, "User 77 does not exist", ENOENT },
	{ "user.delete", "[77]", NULL, "User 77 does not exist", ENOENT },
	{ "user.update", "[100000001,{}]", "", "Users provided by a "
	    "directory service must be modified through the identity "
	    "provider (LDAP server or domain controller).", EPERM },
	{ "user.delete", "[100000001]", "", "Users provided by a directory "
	    "service must be deleted from the identity provider (LDAP "
	    "server or domain controller).", EPERM },
	{ "user.delete", "[1]", "",
	    "Cannot delete the currently active user", EINVAL },
	/* passwords of their own method */
	{ "user.set_password", "[{'username':'nobody-here',"
	    "'new_password':'x'}]", "user.set_password.username",
	    "nobody-here: user does not exist.", EINVAL },
	{ "user.set_password", "[{'username':'carol','new_password':'x'}]",
	    "user.set_password.username",
	    "carol: password authentication disabled for user", EINVAL },
	{ "user.set_password", "[{'username':'root','new_password':'x'}]",
	    "user.set_password.username", "root: the password belongs to "
	    "the name service that has the account.", EINVAL },
	{ "user.set_password", "[{'username':'alice','new_password':''}]",
	    "user.set_password.new_password", "Password is required",
	    EINVAL },
	{ "user.set_password", "[{'username':'alice',"
	    "'old_password':'wrong','new_password':'x'}]",
	    "user.set_password.old_password",
	    "alice: failed to validate password.", EINVAL },
	/* others */
	{ "user.get_user_obj", "[{}]", "get_user_obj.username",
	    "Either \"username\" or \"uid\" must be specified.", EINVAL },
	{ "user.get_user_obj", "[{'username':'root','uid':0}]",
	    "get_user_obj.username", "\"username\" and \"uid\" may not be "
	    "simultaneously specified", EINVAL },
	{ "user.get_user_obj", "[{'username':'no-such-user'}]", "",
	    "no-such-user: user with this name does not exist", EINVAL },
	{ "user.get_user_obj", "[{'uid':4000000001}]", "",
	    "4000000001: user with this id does not exist", EINVAL },
	{ "user.setup_local_administrator", "['truenas_admin','x']", "",
	    "Local administrator is already set up", EEXIST },
	{ "user.setup_local_administrator", "['admin','x']", "username",
	    "Input should be 'root' or 'truenas_admin'", EINVAL },
	{ "user.authorized_keys_file", "['alice',{'mode':'HOME'}]", "",
	    "User alice has no home directory of its own (/var/empty): set "
	    "one, or choose CENTRAL.", ENOTDIR },
	{ "user.authorized_keys_file", "['alice',{'mode':'home'}]",
	    "options.mode",
	    "Input should be \"NONE\", \"HOME\" or \"CENTRAL\"", EINVAL },
	{ "user.keys", "['nobody-here']", "",
	    "naskeys has no user \"nobody-here\".", ENOENT },
	/* keys */
	{ "user.add_key", "['nobody-here',{'key':'" ED25519 "'}]", "",
	    "naskeys has no user \"nobody-here\".", ENOENT },
	{ "user.add_key", "['alice',{'key':'# nothing'}]",
	    "user_add_key.key", "There is no key in the text.", EINVAL },
	{ "user.add_key", "['alice',{'key':'" P256 "\\n" ED25519 " b',"
	    "'comment':'x'}]", "user_add_key.comment", "A comment is for a "
	    "single key, and there are several in the text.", EINVAL },
	{ "user.add_key", "['alice',{'key':'" P256 "\\n\\nhello'}]",
	    "user_add_key.key", "line 3: this is no public key: paste the "
	    "whole line of a .pub file, which reads TYPE BASE64 COMMENT, "
	    "with key options, if any, before the type", EINVAL },
	{ "user.add_key", "['alice',{'key':'" P256 "','comment':'a\\nb'}]",
	    "user_add_key.comment", "the line contains a control character: "
	    "give each key on one line of plain text", EINVAL },
	{ "user.add_key", "['alice',{'key':'" P256 "','comment':' x'}]",
	    "user_add_key.comment",
	    "A comment is one line without spaces at its ends.", EINVAL },
	{ "user.add_key", "['alice',{'key':'" P256 "',"
	    "'expires_at':'1960-01-01'}]", "user_add_key.expires_at",
	    "The date must not be before 1970.", EINVAL },
	{ "user.remove_key", "['alice','MD5:xx']", "fingerprint",
	    "A fingerprint is \"SHA256:\" and 43 characters, as ssh-keygen "
	    "-l prints it.", EINVAL },
	{ "user.remove_key", "['alice','SHA256:"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']", "",
	    "User alice has no key with the fingerprint SHA256:"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.", ENOENT },
	/* groups' own methods */
	{ "group.create", "[{}]", "group_create.name", "Field required",
	    EINVAL },
	{ "group.create", "[{'name':'-x'}]", "group_create.name",
	    "Value error, Cannot start with \"'-'\"", EINVAL },
	{ "group.create", "[{'name':'a,b'}]", "group_create.name",
	    "Value error, " NAMES, EINVAL },
	{ "group.create", "[{'name':'crew'}]", "group_create.name",
	    "A Group with the name \"crew\" already exists.", EEXIST },
	{ "group.create", "[{'name':'sys'}]", "group_create.name",
	    "A Group with the name \"sys\" already exists.", EEXIST },
	{ "group.create", "[{'name':'g','gid':5000}]", "group_create.gid",
	    "Gid 5000 is already used (group crew has it)", EEXIST },
	{ "group.create", "[{'name':'g','gid':544}]", "group_create.gid",
	    "Gid 544 is already used (group builtin_administrators has it)",
	    EEXIST },
	{ "group.create", "[{'name':'g','gid':65534}]", "group_create.gid",
	    "Gid 65534 is not one that naskeys serves: those from 1000 to "
	    "90000000, without 65534 and 65535.", EINVAL },
	{ "group.create", "[{'name':'g','gid':65535}]", "group_create.gid",
	    "Gid 65535 is not one that naskeys serves: those from 1000 to "
	    "90000000, without 65534 and 65535.", EINVAL },
	{ "group.create", "[{'name':'g','users':[2,77,78]}]",
	    "group_create.users", "Following users do not exist: 77, 78",
	    EINVAL },
	{ "group.create", "[{'name':'g','users':[1]}]", "group_create.users",
	    "Cannot add the root user to this group", EINVAL },
	{ "group.create", "[{'name':'g','users':[4]}]",
	    "group_create.users.0", "daemon: only an account that naskeys "
	    "manages can be in its groups.", EINVAL },
	{ "group.create", "[{'name':'g','users':[100000001]}]",
	    "group_create.users.0", "Directory services users may not be "
	    "added as members of local groups.", EINVAL },
	{ "group.create", "[{'name':'g','sudo_commands':['x']}]",
	    "group_create.sudo_commands.0",
	    "Executable must be an absolute path", EINVAL },
	{ "group.update", "[2,{'gid':6}]", "group_update.gid",
	    "Extra inputs are not permitted", EINVAL },
	{ "group.update", "[2,{'name':'alice'}]", "group_update.name",
	    "A Group with the name \"alice\" already exists.", EEXIST },
	{ "group.update", "[2,{'users':[2]}]", "group_update.users",
	    "This group is primary for the following users: carol. You "
	    "can't remove them.", EINVAL },
	{ "group.update", "[1,{'users':[3]}]", "group_update.users",
	    "The root user must remain a member of the "
	    "builtin_administrators group.", EINVAL },
	{ "group.update", "[1,{'name':'x'}]", "group_update.name", "This "
	    "configuration parameter may not be changed for builtin "
	    "groups.", EINVAL },
	{ "group.update", "[1,{'smb':true}]", "group_update.smb", "This "
	    "configuration parameter may not be changed for builtin "
	    "groups.", EINVAL },
	{ "group.update", "[77,{}]", NULL, "Group 77 does not exist",
	    ENOENT },
	{ "group.delete", "[1]", "", "A built-in group cannot be deleted.",
	    EACCES },
	{ "group.delete", "[77]", NULL, "Group 77 does not exist", ENOENT },
	{ "group.delete", "[100000001]", "", "Groups provided by a directory "
	    "service must be deleted from the identity provider (LDAP "
	    "server or domain controller).", EPERM },
	{ "group.get_group_obj", "[{}]", "get_group_obj.groupname",
	    "Either \"groupname\" or \"gid\" must be specified", EINVAL },
	{ "group.get_group_obj", "[{'groupname':'no-such-group'}]", "",
	    "no-such-group: group with this name does not exist", EINVAL },
	{ "group.get_group_obj", "[{'gid':4000000001}]", "",
	    "4000000001: group with this id does not exist", EINVAL },
};

START_TEST(refusal)
{
	char *before = contents(), *after;
	const struct row *t;
	size_t i;

	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		t = &refusals[i];
		refused(t->method, t->params, t->attribute, t->text,
		    t->number);
		after = contents();
		ck_assert_msg(strcmp(before, after) == 0,
		    "%s %s changed something", t->method, t->params);
		free(after);
	}
	free(before);
}
END_TEST

/* ---- what is taken ---- */

static const struct {
	const char	*method;
	const char	*params;
	const char	*path;		/* in the result; NULL: not looked at */
	const char	*value;
} accepted[] = {
	/* a new user */
	{ "user.create", "[{'username':'dora','group_create':true,"
	    "'password':'x','full_name':'Dora','email':'d@x',"
	    "'sudo_commands':['/bin/sh'],'groups':[2,2]}]", "id", "6" },
	{ "user.get_instance", "[6]", "uid", "3000" },
	{ "user.get_instance", "[6]", "group.bsdgrp_gid", "3000" },
	{ "user.get_instance", "[6]", "group.bsdgrp_group", "'dora'" },
	{ "user.get_instance", "[6]", "groups", "[2]" },
	{ "user.get_instance", "[6]", "sudo_commands", "['/bin/sh']" },
	{ "user.get_instance", "[6]", "home", "'/var/empty'" },
	{ "user.get_instance", "[6]", "shell", "'/bin/bash'" },
	{ "user.get_instance", "[6]", "smb", "false" },
	{ "user.get_instance", "[6]", "email", "'d@x'" },
	{ "user.get_instance", "[6]", "managed", "true" },
	{ "user.get_instance", "[6]", "local", "true" },
	{ "user.get_instance", "[6]", "account_expires_at", "null" },
	{ "user.get_instance", "[6]", "last_login_at", "null" },
	{ "user.get_instance", "[6]", "authorized_keys_file", "'NONE'" },
	{ "user.get_instance", "[6]", "password_age", "0" },
	{ "user.get_instance", "[6]", "roles", "[]" },
	{ "user.get_instance", "[6]", "sid", "null" },
	/* a group that is there already is used again */
	{ "group.create", "[{'name':'emil','gid':6000}]", "", "6" },
	{ "user.create", "[{'username':'emil','group_create':true,"
	    "'random_password':true}]", "group.id", "6" },
	{ "user.query", "[[['username','=','emil']],{'get':true}]", "uid",
	    "3001" },
	/* automatic ids are never the same twice */
	{ "user.get_next_uid", "[]", "", "3002" },
	{ "user.get_next_uid", "[]", "", "3003" },
	{ "group.get_next_gid", "[]", "", "3001" },
	{ "group.get_next_gid", "[]", "", "3002" },
	{ "user.create", "[{'username':'fay','group_create':true,"
	    "'password_disabled':true}]", "uid", "3004" },
	/* administrators */
	{ "user.update", "[8,{'admin':true}]", "groups", "[1]" },
	{ "user.get_instance", "[8]", "roles", "['FULL_ADMIN']" },
	{ "group.get_instance", "[1]", "users", "[1,3,8]" },
	{ "user.update", "[8,{'groups':[2]}]", "admin", "false" },
	{ "group.get_instance", "[1]", "users", "[1,3]" },
	{ "group.update", "[1,{'users':[1,3,8]}]", "", "1" },
	{ "user.get_instance", "[8]", "admin", "true" },
	{ "user.get_instance", "[8]", "groups", "[1,2]" },
	{ "group.update", "[1,{'users':[1,3]}]", "", "1" },
	{ "user.get_instance", "[8]", "admin", "false" },
	{ "user.update", "[8,{'groups':[]}]", "groups", "[]" },
	/* changes of single fields */
	{ "user.update", "[2,{}]", "username", "'alice'" },
	{ "user.update", "[2,{'username':'alicia','locked':true,"
	    "'account_expires_at':'2040-01-01'}]", "username", "'alicia'" },
	{ "user.get_instance", "[2]", "locked", "true" },
	{ "user.get_instance", "[2]", "account_expires_at",
	    "{'$date':2208988800000}" },
	{ "user.update", "[2,{'account_expires_at':null,'locked':false}]",
	    "account_expires_at", "null" },
	{ "user.update", "[2,{'home':'/home/alicia','shell':'/bin/sh',"
	    "'ssh_password_enabled':true}]", "ssh_password_enabled",
	    "true" },
	{ "user.update", "[2,{'userns_idmap':7}]", "userns_idmap", "7" },
	{ "user.update", "[2,{'userns_idmap':'DIRECT'}]", "userns_idmap",
	    "'DIRECT'" },
	{ "user.update", "[2,{'userns_idmap':null}]", "userns_idmap",
	    "null" },
	{ "user.update", "[2,{'group':2}]", "group.id", "2" },
	{ "group.get_instance", "[2]", "users", "[2,5,6]" },
	{ "user.update", "[2,{'password':null}]", "unixhash", "'*'" },
	{ "user.update", "[2,{'password':'n','username':'alice'}]",
	    "password", "'n'" },
	{ "user.update", "[2,{'email':'x'}]", "password", "null" },
	/* what is so already may be said again */
	{ "user.update", "[1,{'groups':[1],'username':'root',"
	    "'home':'/root','shell':'/bin/bash','smb':false}]", "id", "1" },
	{ "user.update", "[1,{'locked':true}]", "locked", "true" },
	{ "user.update", "[1,{'locked':false,'email':'r@x'}]", "email",
	    "'r@x'" },
	{ "user.update", "[4,{'accept_uid':true}]", "uid", "1" },
	/* accounts that live elsewhere */
	{ "user.create", "[{'username':'bin','managed':false,"
	    "'sshpubkey':'" ED25519 "'}]", "uid", "2" },
	{ "user.query", "[[['username','=','bin']],{'get':true}]", "local",
	    "true" },
	{ "user.query", "[[['uid','=',2]],{'select':['username']}]", "",
	    "[{'username':'bin'}]" },
	{ "user.query", "[[['uid','=',5001]],{'select':['username']}]", "",
	    "[{'username':'alice'}]" },
	{ "user.query", "[[['id','=',3]],{'select':['username']}]", "",
	    "[{'username':'bob'}]" },
	{ "user.query", "[[['username','=','none']]]", "", "[]" },
	{ "user.query", "[[['admin','=',true]],{'count':true}]", "", "2" },
	/* objects of getpwnam and getgrnam */
	{ "user.get_user_obj", "[{'username':'bob','get_groups':true}]",
	    "grouplist", "[5002,4999]" },
	{ "user.get_user_obj", "[{'uid':5001}]", "pw_name", "'alice'" },
	{ "user.get_user_obj", "[{'uid':0}]", "pw_dir", "'/root'" },
	{ "user.get_user_obj", "[{'username':'root'}]", "grouplist",
	    "null" },
	{ "group.get_group_obj", "[{'groupname':'crew'}]", "gr_mem",
	    "['dora']" },
	{ "group.get_group_obj", "[{'gid':0}]", "gr_name", "'root'" },
	{ "group.get_group_obj", "[{'gid':5000}]", "source", "'LOCAL'" },
	{ "group.query", "[[['gid','=',5000]],{'select':['name']}]", "",
	    "[{'name':'crew'}]" },
	{ "group.query", "[[['name','=','crew']],{'count':true}]", "", "1" },
	{ "group.query", "[[['id','>',3]],{'limit':1,'select':['id']}]", "",
	    "[{'id':4}]" },
	{ "group.query", "[[['id','>',3],['name','=','crew']]]", "", "[]" },
	{ "group.has_password_enabled_user", "[[5002]]", "", "true" },
	{ "group.has_password_enabled_user", "[[5002],[3]]", "", "false" },
	{ "group.has_password_enabled_user", "[[5000],[2,6]]", "",
	    "false" },
	{ "user.has_local_administrator_set_up", "[]", "", "true" },
	/* groups */
	{ "group.create", "[{'name':'devs','users':[2,3]}]", NULL, NULL },
	{ "group.query", "[[['name','=','devs']],{'get':true}]", "users",
	    "[2,3]" },
	{ "group.query", "[[['name','=','devs']],{'get':true}]", "immutable",
	    "false" },
	{ "group.update", "[2,{'name':'sailors','users':[2,3,5],"
	    "'sudo_commands':['ALL']}]", "", "2" },
	{ "group.get_instance", "[2]", "users", "[2,3,5]" },
	{ "group.get_instance", "[2]", "sudo_commands", "['ALL']" },
	/* who loses the group gets the machine's */
	{ "group.delete", "[2]", "", "2" },
	{ "user.get_instance", "[5]", "group.bsdgrp_group", "'nogroup'" },
	{ "user.get_instance", "[5]", "group.bsdgrp_gid", "65534" },
	{ "user.delete", "[6]", "", "6" },
	{ "group.query", "[[['name','=','dora']],{'count':true}]", "", "0" },
	{ "user.delete", "[7,{'delete_group':false}]", "", "7" },
	{ "group.query", "[[['name','=','emil']],{'count':true}]", "", "1" },
	{ "group.create", "[{'name':'temps','gid':7000}]", NULL, NULL },
	{ "user.create", "[{'username':'gus','password':'x','group':10}]",
	    NULL, NULL },
	{ "group.delete", "[10,{'delete_users':true}]", "", "10" },
	{ "user.query", "[[['username','=','gus']],{'count':true}]", "",
	    "0" },
	{ "naskeys.check", "[]", "ok", "true" },
};

START_TEST(acceptance)
{
	size_t i;

	for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		if (accepted[i].path == NULL)
			done(accepted[i].method, accepted[i].params);
		else
			expect(accepted[i].method, accepted[i].params,
			    accepted[i].path, accepted[i].value);
	}
}
END_TEST

/* What would change nothing writes nothing, not even an audit row. */
static const char *const idle[][2] = {
	{ "user.update", "[2,{}]" },
	{ "user.update", "[2,{'username':'alice','full_name':'Alice',"
	    "'locked':false,'home':'/var/empty/','groups':[],"
	    "'sudo_commands':[],'email':null,'group':3,'admin':false,"
	    "'account_expires_at':null}]" },
	{ "user.update", "[3,{'groups':[1]}]" },
	{ "user.update", "[2,{'sshpubkey':'\\n " ED25519 " alice@home\\n'}]" },
	{ "user.update", "[5,{'password':null}]" },
	{ "user.update", "[4,{'accept_uid':true}]" },
	{ "user.add_key", "['alice',{'key':'" ED25519 " alice@home'}]" },
	{ "user.authorized_keys_file", "['alice',{'mode':'NONE'}]" },
	{ "group.update", "[2,{'name':'crew','users':[5]}]" },
	{ "group.update", "[2,{}]" },
};

START_TEST(nothing_changes)
{
	char *before = contents(), *after;
	size_t i;

	for (i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
		done(idle[i][0], idle[i][1]);
		after = contents();
		ck_assert_msg(strcmp(before, after) == 0, "%s %s",
		    idle[i][0], idle[i][1]);
		free(after);
	}
	free(before);
}
END_TEST

/* ---- the last administrator ---- */

START_TEST(last_admin)
{
	static const char lock[] =
	    "After locking this user no local users will have FULL_ADMIN "
	    "role";

	done("user.update", "[3,{'locked':true}]");
	refused("user.update", "[1,{'locked':true}]", "user_update.locked",
	    lock, EINVAL);
	done("user.update", "[3,{'locked':false}]");
	done("user.update", "[1,{'locked':true}]");
	refused("user.update", "[3,{'locked':true}]", "user_update.locked",
	    lock, EINVAL);
	refused("user.update", "[3,{'groups':[]}]", "user_update.groups",
	    "After this change no local users will have FULL_ADMIN role",
	    EINVAL);
	refused("user.update", "[3,{'admin':false}]", "user_update.admin",
	    "After this change no local users will have FULL_ADMIN role",
	    EINVAL);
	refused("group.update", "[1,{'users':[1]}]", "group_update.users",
	    "After this change no local users will have FULL_ADMIN role",
	    EINVAL);
	refused("user.delete", "[3]", "", "After deleting this user no local "
	    "users will have FULL_ADMIN role", EPERM);
	refused("group.delete", "[4,{'delete_users':true}]", "", "After "
	    "deleting user bob no local users will have FULL_ADMIN role",
	    EPERM);
	expect("user.get_instance", "[3]", "admin", "true");
	done("user.update", "[2,{'admin':true}]");
	done("user.delete", "[3]");
}
END_TEST

START_TEST(delete_self)
{
	as(5002);	/* bob, an administrator */
	refused("user.delete", "[3]", "",
	    "Cannot delete the currently active user", EINVAL);
	refused("group.delete", "[4,{'delete_users':true}]", "",
	    "Cannot delete the currently active user", EINVAL);
	refused("user.delete", "[1]", "", "Cannot delete a built-in user",
	    EINVAL);
	done("user.delete", "[2]");
}
END_TEST

/* ---- keys ---- */

START_TEST(keys)
{
	expect("user.keys", "['alice']", "0.fingerprint",
	    "'SHA256:" ED25519_SHA256 "'");
	expect("user.keys", "['alice']", "0.type", "'ssh-ed25519'");
	expect("user.keys", "['alice']", "0.bits", "256");
	expect("user.keys", "['alice']", "0.comment", "'alice@home'");
	expect("user.keys", "['alice']", "0.options", "null");
	expect("user.keys", "['alice']", "0.added_by", "'root'");
	/* the same blob with other options is another line */
	expect("user.add_key", "['alice',{'key':'no-pty " ED25519
	    "','comment':'c d','expires_at':'2040-01-01'}]", "line",
	    "'no-pty " ED25519 " c d'");
	expect("user.keys", "['alice']", "1.expires_at",
	    "{'$date':2208988800000}");
	expect("user.get_instance", "[2]", "sshpubkey", "'" ED25519
	    " alice@home\\nno-pty " ED25519 " c d'");
	/* writing back what was read keeps what is known of each line */
	done("user.update", "[2,{'sshpubkey':'# mine\\nno-pty " ED25519
	    " c d\\n\\n" P256 "\\n'}]");
	expect("user.keys", "['alice']", "0.expires_at",
	    "{'$date':2208988800000}");
	expect("user.keys", "['alice']", "1.expires_at", "null");
	expect("user.get_instance", "[2]", "sshpubkey", "'# mine\\nno-pty "
	    ED25519 " c d\\n\\n" P256 "'");
	/* somebody else has it too */
	expect("user.add_key", "['alice',{'key':'" P256 " again'}]",
	    "warnings", "['User carol has the same key.']");
	expect("user.add_key", "['alice',{'key':'" P256 " again'}]", "added",
	    "false");
	/* all lines with the fingerprint go */
	expect("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "{'removed':2,'dead':true,'reason':null}");
	refused("user.remove_key", "['alice','SHA256:" P256_SHA256 "']", "",
	    "User alice has no key with the fingerprint SHA256:" P256_SHA256
	    ".", ENOENT);
	done("user.update", "[2,{'sshpubkey':null}]");
	expect("user.get_instance", "[2]", "sshpubkey", "null");
	expect("user.keys", "['alice']", "", "[]");
	done("user.update", "[5,{'sshpubkey':''}]");
	expect("user.keys", "['carol']", "", "[]");
}
END_TEST

/* A key in a file that sshd reads outlives its removal here. */
START_TEST(key_in_file)
{
	char home[128], path[192], params[256];
	int fd;

	(void)snprintf(home, sizeof(home), "%s/home", w.dir);
	ck_assert_int_eq(chmod(w.dir, 0755), 0);
	(void)snprintf(params, sizeof(params), "[2,{'home':'%s'}]", home);
	done("user.update", params);
	(void)snprintf(params, sizeof(params), "'%s/.ssh/authorized_keys "
	    "cannot be looked at now; if it holds the key, sshd will accept "
	    "it.'", home);
	expect("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']",
	    "reason", params);
	done("user.add_key", "['alice',{'key':'" ED25519 "'}]");
	ck_assert_int_eq(mkdir(home, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/.ssh", home);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", home);
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	ck_assert_int_gt(dprintf(fd, "#" ED25519 "\nno-pty " ED25519 "\n"),
	    0);
	close(fd);
	(void)snprintf(params, sizeof(params), "'%s still holds the key, and "
	    "sshd reads it.'", path);
	expect("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']",
	    "reason", params);
	done("user.add_key", "['alice',{'key':'" ED25519 "'}]");
	fd = open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_gt(dprintf(fd, " # " ED25519 "\n"), 0);
	close(fd);
	expect("user.remove_key", "['alice','SHA256:" ED25519_SHA256 "']",
	    "dead", "true");
}
END_TEST

START_TEST(too_many_keys)
{
	json_t *v;
	char params[256];
	size_t i;

	for (i = 1; i < 400; i++) {
		(void)snprintf(params, sizeof(params), "['alice',{'key':'"
		    ED25519 " %zu'}]", i);
		done("user.add_key", params);
	}
	v = call("user.add_key", "['alice',{'key':'" P256 "'}]");
	assert_refused(v, "one more", "user_add_key.key",
	    "A user cannot have more than 400 keys.", EINVAL);
	json_decref(v);
}
END_TEST

static size_t
keys_of(const char *name)
{
	char params[64];
	json_t *v;
	size_t n;

	(void)snprintf(params, sizeof(params), "['%s']", name);
	v = call("user.keys", params);
	n = json_array_size(json_object_get(v, "result"));
	json_decref(v);
	return n;
}

/* All lines of a text, or none; those that are there already stay. */
START_TEST(several_keys)
{
	char *before, *after;

	done("user.add_key", "['alice',{'key':'# mine\\n" P256 " p\\n\\n"
	    ED25519 " alice@home\\r\\n" P256 " q\\n" P256 " p',"
	    "'expires_at':'2030-01-01'}]");
	expect("user.keys", "['alice']", "0.comment", "'alice@home'");
	expect("user.keys", "['alice']", "1.comment", "'p'");
	expect("user.keys", "['alice']", "2.comment", "'alice@home'");
	expect("user.keys", "['alice']", "3.comment", "'q'");
	expect("user.keys", "['alice']", "3.expires_at",
	    "{'$date':1893456000000}");
	ck_assert_uint_eq(keys_of("alice"), 4);
	expect("naskeys.audit.query", "[[['action','=','user.add_key']],"
	    "{'order_by':['-id']}]", "0.text",
	    "'Add 3 keys of user alice'");
	expect("naskeys.audit.query", "[[['action','=','user.add_key']],"
	    "{'order_by':['-id']}]", "0.after.2.comment", "'q'");
	/* once more: each is told, and nothing is done */
	before = contents();
	expect("user.add_key", "['alice',{'key':'" P256 " p\\n" P256 " q',"
	    "'expires_at':'2030-01-01'}]", "1.added", "false");
	refused("user.add_key", "['alice',{'key':'" P256 " new\\n" P256
	    " x y\\nno-such-option " ED25519 "'}]", "user_add_key.key",
	    "line 3: sshd knows no such key option, and would ignore the "
	    "whole line: see AUTHORIZED_KEYS FILE FORMAT in sshd(8)",
	    EINVAL);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
	done("user.remove_key", "['alice','SHA256:" P256_SHA256 "']");
	expect("user.add_key", "['alice',{'key':'" P256 " p\\n" ED25519
	    " alice@home'}]", "0.added", "true");
}
END_TEST

/* What a user can make others keep of its keys. */
START_TEST(own_keys)
{
	static char params[20000], options[16001];
	size_t i, n;

	/* each key is an edit */
	w.conf.edits_per_minute = 30;
	n = (size_t)snprintf(params, sizeof(params), "['carol',{'key':'");
	for (i = 0; i < 31; i++)
		n += (size_t)snprintf(params + n, sizeof(params) - n,
		    ED25519 " own%zu\\n", i);
	(void)snprintf(params + n, sizeof(params) - n, "'}]");
	as(5005);
	refused("user.add_key", params, "", "Rate Limit Exceeded", EBUSY);
	ck_assert_uint_eq(keys_of("carol"), 1);
	as(0);
	done("user.add_key", params);
	ck_assert_uint_eq(keys_of("carol"), 32);
	/* 16 lines of 16 KiB, until 256 KiB are full */
	w.conf.edits_per_minute = 1000;
	as(5001);
	memset(options, 'a', sizeof(options) - 1);
	for (i = 0; i < 17; i++) {
		(void)snprintf(params, sizeof(params), "['alice',{'key':"
		    "'command=\\u0022%s\\u0022 " ED25519 " %zu'}]", options,
		    i);
		if (i < 16)
			done("user.add_key", params);
	}
	refused("user.add_key", params, "user_add_key.key", "All keys of an "
	    "account together cannot be longer than 262144 bytes: remove "
	    "some, or ask an administrator.", EINVAL);
	as(0);
	done("user.add_key", params);
}
END_TEST

/* ---- passwords ---- */

START_TEST(passwords)
{
	as(5001);
	refused("user.set_password", "[{'username':'alice',"
	    "'new_password':'n'}]", "user.set_password.old_password",
	    "FULL_ADMIN role is required in order to bypass check for "
	    "current password.", EINVAL);
	refused("user.set_password", "[{'username':'bob','old_password':"
	    "'bob\\u0027s','new_password':'n'}]", "", "bob: currently "
	    "authenticated credential may not reset password for this user.",
	    EPERM);
	refused("user.set_password", "[{'username':'nobody-here',"
	    "'old_password':'x','new_password':'n'}]", "", "nobody-here: "
	    "currently authenticated credential may not reset password for "
	    "this user.", EPERM);
	refused("user.set_password", "[{'username':'alice','old_password':"
	    "'bob\\u0027s','new_password':'n'}]",
	    "user.set_password.old_password",
	    "alice: failed to validate password.", EINVAL);
	done("user.set_password", "[{'username':'alice','old_password':"
	    "'alice\\u0027s','new_password':'n'}]");
	done("user.set_password", "[{'username':'alice','old_password':'n',"
	    "'new_password':'m'}]");
	as(5002);
	done("user.set_password", "[{'username':'alice',"
	    "'new_password':'o'}]");
	as(0);
	done("user.update", "[2,{'locked':true}]");
	refused("user.set_password", "[{'username':'alice',"
	    "'new_password':'p'}]", "user.set_password.username",
	    "alice: user account is locked.", EINVAL);
	expect("naskeys.audit.query", "[[['action','=','user.set_password']],"
	    "{'select':['text','actor'],'limit':1}]", "",
	    "[{'text':'Set account password alice','actor':'alice'}]");
}
END_TEST

START_TEST(password_history)
{
	json_t *v;
	int i;

	for (i = 0; i < 12; i++)
		done("user.update", "[2,{'password':'x'}]");
	v = call("user.get_instance", "[2]");
	ck_assert_uint_eq(json_array_size(at(v, "result.password_history")),
	    10);
	json_decref(v);
}
END_TEST

START_TEST(random_password)
{
	json_t *v = call("user.create", "[{'username':'dora','group':2,"
	    "'random_password':true}]");
	const char *text = json_string_value(at(v, "result.password"));
	char params[256];

	ck_assert_ptr_nonnull(text);
	ck_assert_uint_eq(strlen(text), 20);
	(void)snprintf(params, sizeof(params), "[{'username':'dora',"
	    "'old_password':'%s','new_password':'n'}]", text);
	json_decref(v);
	done("user.set_password", params);
}
END_TEST

/* ---- the audit log ---- */

/* No secret of any kind gets there. */
START_TEST(audit_without_secrets)
{
	json_t *v;
	char *text;

	done("user.create", "[{'username':'dora','group':2,"
	    "'password':'Tell-Nobody'}]");
	done("user.update", "[6,{'password':'Neither-This'}]");
	v = call("naskeys.audit.query", "[]");
	text = dump(v);
	ck_assert_ptr_null(strstr(text, "Tell-Nobody"));
	ck_assert_ptr_null(strstr(text, "Neither-This"));
	ck_assert_ptr_null(strstr(text, "$y$"));
	ck_assert_ptr_nonnull(strstr(text, "Create user dora"));
	free(text);
	json_decref(v);
	expect("naskeys.audit.query", "[[['text','=','Update user dora']],"
	    "{'get':true}]", "after.unixhash", "'********'");
	expect("naskeys.audit.query", "[[['text','=','Create user alice']],"
	    "{'get':true}]", "after.username", "'alice'");
	done("user.update", "[6,{'locked':true}]");
	expect("naskeys.audit.query", "[[['text','=','Update user dora']],"
	    "{'order_by':['-id']}]", "0.before", "{'locked':false}");
	expect("naskeys.audit.query", "[[['text','=','Update user dora']],"
	    "{'order_by':['-id']}]", "0.after", "{'locked':true}");
}
END_TEST

/* How many bytes the last row has, as it is told. */
static size_t
last_audit_size(const char *action)
{
	char params[128], *text;
	json_t *v;
	size_t n;

	(void)snprintf(params, sizeof(params), "[[['action','=','%s']],"
	    "{'order_by':['-id'],'limit':1}]", action);
	v = call("naskeys.audit.query", params);
	text = dump(at(v, "result.0"));
	n = strlen(text);
	free(text);
	json_decref(v);
	return n;
}

/* Nobody fills the disk with what the log keeps of keys and long lists. */
START_TEST(audit_is_bounded)
{
	static char params[600000], options[16001];
	size_t i, n;

	memset(options, 'a', sizeof(options) - 1);
	(void)snprintf(params, sizeof(params), "['alice',{'key':"
	    "'command=\\u0022%s\\u0022 " P256 "','comment':'"
	    "\xc3\xa4%.200s'}]", options + 1000, options);
	done("user.add_key", params);
	ck_assert_uint_lt(last_audit_size("user.add_key"), 1024);
	expect("naskeys.audit.query", "[[['action','=','user.add_key']],"
	    "{'order_by':['-id']}]", "0.after.fingerprint",
	    "'SHA256:" P256_SHA256 "'");
	done("user.remove_key", "['alice','SHA256:" P256_SHA256 "']");
	ck_assert_uint_lt(last_audit_size("user.remove_key"), 1024);
	/* 400 keys in a row, of which the last is known by fingerprint */
	n = (size_t)snprintf(params, sizeof(params), "[2,{'sshpubkey':'");
	for (i = 0; i < 400; i++)
		n += (size_t)snprintf(params + n, sizeof(params) - n,
		    ED25519 " %0800zu\\n", i);
	(void)snprintf(params + n, sizeof(params) - n, "'}]");
	done("user.update", params);
	ck_assert_uint_lt(last_audit_size("user.update"), 65536);
	expect("naskeys.audit.query", "[[['action','=','user.update']],"
	    "{'order_by':['-id']}]", "0.after.keys.399.fingerprint",
	    "'SHA256:" ED25519_SHA256 "'");
	/* a list that is told by its size */
	n = (size_t)snprintf(params, sizeof(params),
	    "[2,{'full_name':'A','sudo_commands':['/bin/ls'");
	for (i = 0; i < 200; i++)
		n += (size_t)snprintf(params + n, sizeof(params) - n,
		    ",'/bin/ls %0500zu'", i);
	(void)snprintf(params + n, sizeof(params) - n, "]}]");
	done("user.update", params);
	ck_assert_uint_lt(last_audit_size("user.update"), 4096);
	expect("naskeys.audit.query", "[[['action','=','user.update']],"
	    "{'order_by':['-id']}]", "0.after.full_name", "'A'");
	expect("naskeys.audit.query", "[[['action','=','user.update']],"
	    "{'order_by':['-id']}]", "0.after.sudo_commands",
	    "{'bytes':102211}");
}
END_TEST

/* ---- bad input ---- */

static char *
repeat(const char *unit, size_t times)
{
	size_t n = strlen(unit), i;
	char *text = malloc(n * times + 1);

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	text[n * times] = '\0';
	return text;
}

static const struct {
	const char	*what;
	const char	*key;		/* inside a JSON string */
	const char	*text;
} bad_keys[] = {
	{ "private key", "-----BEGIN OPENSSH PRIVATE KEY-----\\n"
	    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMw\\n"
	    "-----END OPENSSH PRIVATE KEY-----\\n", "private key" },
	{ "truncated base64", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEEv",
	    "" },
	{ "newline inside a key", "ssh-ed25519 AAAAC3NzaC1lZDI1\\n"
	    "NTE5AAAAIEEvztfNEOlRgA2mlMAe+fc96s7MyO77xJQNjT6UnNth", "" },
	{ "unknown option", "no-such-option " ED25519, "option" },
	{ "no key at all", "hello", "" },
	{ "another type's blob", "ssh-rsa " ED25519_BASE64, "" },
	{ "nothing", "", "" },
};

START_TEST(bad_key)
{
	char *before = contents(), *after, params[1024], *whole;
	json_t *v;
	int i;

	for (i = 0; i < 2; i++) {
		(void)snprintf(params, sizeof(params), i == 0 ?
		    "['alice',{'key':'%s'}]" :
		    "[2,{'sshpubkey':'" ED25519 "\\n%s'}]",
		    bad_keys[_i].key);
		if (i == 1 && bad_keys[_i].key[0] == '\0')
			break;
		v = call(i == 0 ? "user.add_key" : "user.update", params);
		whole = dump(v);
		ck_assert_msg(json_integer_value(at(v, "error.code")) ==
		    -32602, "%s: %s", bad_keys[_i].what, whole);
		ck_assert_msg(strstr(whole, bad_keys[_i].text) != NULL,
		    "%s: %s", bad_keys[_i].what, whole);
		ck_assert_ptr_null(strstr(whole, "b3BlbnNza"));
		if (i == 1 && _i > 0)	/* which it is does not matter */
			ck_assert_msg(strstr(whole, "line 2: ") != NULL,
			    "%s", whole);
		free(whole);
		json_decref(v);
	}
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(bad_messages)
{
	char *before = contents(), *after, *text, *line = NULL;
	json_t *v;
	int n;

	/* 5 MB of text */
	text = repeat("a", 5000000);
	n = asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"user.add_key\",\"params\":[\"alice\",{\"key\":\"%s\"}]}",
	    text);
	v = call_line(line, (size_t)n);
	ck_assert_int_eq(json_integer_value(at(v, "error.code")), -32602);
	json_decref(v);
	free(line);
	free(text);
	/* UTF-8 that is none */
	text = strdup("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"user.update\",\"params\":[2,{\"full_name\":\"\xc3\x28\"}]}");
	v = call_line(text, strlen(text));
	ck_assert_int_eq(json_integer_value(at(v, "error.code")), -32700);
	json_decref(v);
	free(text);
	/* nested 10,000 deep */
	text = repeat("[", 10000);
	n = asprintf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"user.query\",\"params\":%s", text);
	v = call_line(line, (size_t)n);
	ck_assert_int_eq(json_integer_value(at(v, "error.code")), -32700);
	json_decref(v);
	free(line);
	free(text);
	after = contents();
	ck_assert_str_eq(before, after);
	free(before);
	free(after);
}
END_TEST

START_TEST(many_groups)
{
	char params[1024] = "[2,{'groups':[", number[64];
	size_t i, at_end = strlen(params);
	char *before;

	for (i = 0; i < 65; i++) {
		(void)snprintf(number, sizeof(number), "[{'name':'g%zu'}]",
		    i);
		done("group.create", number);
		(void)snprintf(params + at_end, sizeof(params) - at_end,
		    "%s%zu", i == 0 ? "" : ",", i + 5);
		at_end = strlen(params);
	}
	(void)snprintf(params + at_end, sizeof(params) - at_end, "]}]");
	refused("user.update", params, "user_update.groups",
	    "A user cannot belong to more than 64 auxiliary groups.",
	    EINVAL);
	*strrchr(params, ',') = '\0';
	at_end = strlen(params);
	(void)snprintf(params + at_end, sizeof(params) - at_end, "]}]");
	done("user.update", params);
	before = contents();
	refused("group.update", "[69,{'users':[3,2]}]",
	    "group_update.users.1",
	    "alice cannot belong to more than 64 auxiliary groups.", EINVAL);
	free(before);
}
END_TEST

/* A helper of its own asks for the next uid, often. */
static void
ask_for_uids(int out)
{
	json_int_t uid;
	json_t *v;
	int i;

	w.c.publisher = NULL;
	w.c.session = NULL;
	w.c.resolver = NULL;
	if (nk_publisher_open(&w.c.publisher, &w.state, &w.conf,
	    NK_STORE_WRITE) < 0 || nk_session_open(&w.c.session,
	    w.session) < 0)
		_exit(1);
	for (i = 0; i < UIDS; i++) {
		v = call("user.get_next_uid", "[]");
		uid = json_integer_value(json_object_get(v, "result"));
		json_decref(v);
		if (write(out, &uid, sizeof(uid)) != sizeof(uid))
			_exit(1);
	}
	nk_resolver_free(w.c.resolver);
	_exit(0);
}

START_TEST(uids_at_once)
{
	bool seen[ASKERS * UIDS] = { false };
	json_int_t uid;
	int i, fd[2], status;

	ck_assert_int_eq(pipe(fd), 0);
	for (i = 0; i < ASKERS; i++) {
		switch (fork()) {
		case -1:
			ck_abort_msg("fork");
			break;
		case 0:
			ask_for_uids(fd[1]);
		}
	}
	close(fd[1]);
	for (i = 0; i < ASKERS * UIDS; i++) {
		ck_assert_int_eq(read(fd[0], &uid, sizeof(uid)),
		    sizeof(uid));
		ck_assert_msg(uid >= 3000 && uid < 3000 + ASKERS * UIDS,
		    "%lld", (long long)uid);
		ck_assert(!seen[uid - 3000]);
		seen[uid - 3000] = true;
	}
	close(fd[0]);
	for (i = 0; i < ASKERS; i++) {
		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("methods");
	TCase *tc = tcase_create("rules");
	SRunner *sr = srunner_create(s);
	int failed;

	nk_json_wipe_memory();
	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, make_world, drop_world);
	tcase_add_test(tc, refusal);
	tcase_add_test(tc, acceptance);
	tcase_add_test(tc, nothing_changes);
	tcase_add_test(tc, last_admin);
	tcase_add_test(tc, delete_self);
	tcase_add_test(tc, keys);
	tcase_add_test(tc, key_in_file);
	tcase_add_test(tc, too_many_keys);
	tcase_add_test(tc, several_keys);
	tcase_add_test(tc, own_keys);
	tcase_add_test(tc, passwords);
	tcase_add_test(tc, password_history);
	tcase_add_test(tc, random_password);
	tcase_add_test(tc, audit_without_secrets);
	tcase_add_test(tc, audit_is_bounded);
	tcase_add_loop_test(tc, bad_key, 0, LENGTH(bad_keys));
	tcase_add_test(tc, bad_messages);
	tcase_add_test(tc, many_groups);
	tcase_add_test(tc, uids_at_once);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
