/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_TESTS_AGENT_FAKE_H
#define NASKEYS_TESTS_AGENT_FAKE_H

/*
 * Agents: the real one behind SSH_AUTH_SOCK, and some that do not behave.
 * Messages are without their length; all ends the program that goes wrong.
 */

#include <openssl/evp.h>

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX	65536u

struct message {
	uint8_t	p[MESSAGE_MAX];
	size_t	len;
};

struct agent {
	const char	*arg;		/* what the agent's name needs */
	EVP_PKEY	*pkey;		/* of a security key */
	struct message	 blob;		/* what it lists */
	uint8_t		 flags;
	unsigned int	 lists, signs;	/* how often it was asked */
	struct message	 last;		/* its last signature */
};

enum {
	AGENT_LIST = 11,
	AGENT_SIGN = 13,
};

void	die(const char *what) __attribute__((noreturn));

/* Ask the real one. */
void	agent_relay(const struct message *q, struct message *a);

typedef void agent_fn(struct agent *g, const struct message *q,
	    struct message *a);

/* The agent of that name, or NULL. */
agent_fn *agent_find(const char *name);

/* A security key in software: the private key, and the blob that it has. */
void	agent_load_key(struct agent *g, const char *pem);
void	agent_load_blob(struct agent *g, const char *pub);
/* Print its line of a .pub file. */
void	agent_print_sk(const struct agent *g);

#endif /* NASKEYS_TESTS_AGENT_FAKE_H */
