/* SPDX-License-Identifier: ISC */
#ifndef NASKEYS_REMOTE_MESSAGE_H
#define NASKEYS_REMOTE_MESSAGE_H

/*
 * What the children of naskeys-net and their parent say to each other
 * (numbers and strings as in lib/ssh/wire.h); for lib/remote and helper/net.
 */

#define NK_REMOTE_DIAL	"dial"
#define NK_REMOTE_SCAN	"scan"
#define NK_REMOTE_TEST	"test"
#define NK_REMOTE_COPY_KEY	"copy-key"
#define NK_REMOTE_REMOVE_KEY	"remove-key"
#define NK_REMOTE_KEY_OPTIONS	"key-options"
#define NK_REMOTE_PAIR_TASK	"pair"

enum nk_remote_message {
	/*
	 * To dial: uint32 port, uint32 how many connections, string host.
	 * To scan: uint32 n, and for each of its n sockets the string of
	 * algorithms that may prove a host key there.
	 * To test, whose sockets are the connection and the agent's: the
	 * string of those algorithms, string user, string command ("": none),
	 * uint32 whether to try SFTP.
	 * To copy-key, with the same sockets: algorithms, user, string line,
	 * string type, string base64.  To remove-key and key-options: the
	 * same without the line.
	 * To pair, whose sockets are one or two connections to the same
	 * place: uint32 enum nk_pair_work, uint32 of NK_PAIR_*, uint32
	 * whether by TLS, string host, uint32 port, string path, string
	 * user, string line, string fingerprint of the key.
	 */
	NK_REMOTE_MSG_REQUEST = 1,
	/* uint32: the step that begins; each once, in their order */
	NK_REMOTE_MSG_STEP,
	/* uint32 fault, string in the words of whoever: the last message */
	NK_REMOTE_MSG_FAULT,
	/* a connection, as a descriptor */
	NK_REMOTE_MSG_SOCKET,
	/* uint32 which of its sockets, string: the blob of a proven key */
	NK_REMOTE_MSG_HOST_KEY,
	/* uint32 which of its sockets, uint32 fault, string: there is none */
	NK_REMOTE_MSG_NO_HOST_KEY,
	/* that was all: the last message */
	NK_REMOTE_MSG_DONE,
	/*
	 * To a child that has said a host key: it is a pinned one.  The
	 * password, or nothing: then it has the agent.
	 */
	NK_REMOTE_MSG_GO,
	/* uint32: whether the file of keys is changed, or will be */
	NK_REMOTE_MSG_WRITTEN,
	/* string: the options of the key there, "": none */
	NK_REMOTE_MSG_OPTIONS,
	/*
	 * string: SHA-256 of the certificate, "": there is no TLS; uint32
	 * whether it is trusted, string why not.  It is answered with GO and
	 * string administrator, password, one-time password, token.
	 */
	NK_REMOTE_MSG_CERTIFICATE,
	/*
	 * uint32 of NK_PAIR_*: what is changed, once it is answered with an
	 * empty GO; not where it is only to look.
	 */
	NK_REMOTE_MSG_PLAN,
	/* uint32: the port of its sshd; behind its host keys, before DONE */
	NK_REMOTE_MSG_PAIRED,
	/* To a child that has paired, or has failed to: take it back. */
	NK_REMOTE_MSG_UNDO,
};

#define NK_REMOTE_WORDS_MAX	200	/* bytes of a fault's string */

enum nk_pair_work {
	NK_PAIR_PAIR,
	NK_PAIR_LOOK,		/* and change nothing */
	NK_PAIR_UNDO,		/* what another child has done */
};

#define NK_PAIR_WORKS	3

/* What is asked for, or changed. */
#define NK_PAIR_KEY	0x1u	/* added to those of the user */
#define NK_PAIR_SHELL	0x2u	/* one that lets nobody in, replaced */
#define NK_PAIR_SUDO	0x4u	/* a rule, added */
#define NK_PAIR_CHANGES	0x7u
#define NK_PAIR_LEGACY	0x8u	/* the older protocol is spoken */
#define NK_PAIR_ALL	0xfu

#define NK_PAIR_DIGEST	32u	/* bytes of a certificate's SHA-256 */
#define NK_PAIR_SECRET_MAX 4096u /* bytes of a password, a token */

#endif /* NASKEYS_REMOTE_MESSAGE_H */
