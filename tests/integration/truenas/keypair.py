#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Keypairs and connections: sections test_keychain_key_pair,
test_keychain_utils and test_keychain_replication.

usage: keypair.py PORT SSH-PORT, where a file authorized lists the keys that
let root in at SSH-PORT
"""
import contextlib
import os
import sys
import tempfile

from suite import connection, refuses, row, run, same, shell, within, wrong

SSH_PORT = int(sys.argv[2])
CREATE = "keychaincredential.create"
DELETE = "keychaincredential.delete"
USED_BY = "keychaincredential.used_by"
SETUP = "keychaincredential.setup_ssh_connection"
PATH = "keychain_credential_create.attributes."
SEAL = "/etc/naskeys/seal.key"


def generated(kind="ed25519", passphrase=""):
    """A private key and its public half, by ssh-keygen."""
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "key")
        shell("ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", name)
        with open(name, encoding="ascii") as one, \
                open(name + ".pub", encoding="ascii") as other:
            return one.read(), other.read()


def pair(**attributes):
    return {"name": "pair", "type": "SSH_KEY_PAIR", "attributes": attributes}


@contextlib.contextmanager
def made(api, name, kind="SSH_KEY_PAIR", **attributes):
    """A credential, for a while."""
    if kind == "SSH_KEY_PAIR" and not attributes:
        attributes = api.call("keychaincredential.generate_ssh_key_pair",
                              {"type": "ed25519"})
    entity = api.call(CREATE, {"name": name, "type": kind,
                               "attributes": attributes})
    try:
        yield entity
    finally:
        if api.call("keychaincredential.query", [["id", "=", entity["id"]]],
                    {"count": True}):
            api.call(DELETE, entity["id"], {"cascade": True})


def to_pair(api, key, name="conn", host="localhost", port=22):
    """A connection that logs in by this pair."""
    return made(api, name, "SSH_CREDENTIALS", host=host, port=port,
                private_key=key["id"], remote_host_key=host_key(),
                connect_timeout=20)


def host_key():
    with open("/etc/ssh/ssh_host_ed25519_key.pub", encoding="ascii") as f:
        return f.read()


@contextlib.contextmanager
def consumer(api, credential, kind, title):
    """A job of another program that uses a credential."""
    job = api.call("naskeys.consumer.bind", credential["id"],
                   {"kind": kind, "title": title})
    try:
        yield job["id"]
    finally:
        api.call("naskeys.consumer.unbind", job["id"])


def jobs(api, number):
    return api.call("naskeys.consumer.list", [["id", "=", number]],
                    {"get": True, "select": ["enabled", "credential_id"]})


# ---- G.1 ----

@row("G.1 test_create_key_pair_with_passphrase")
def _(api):
    wrong(api, PATH + "private_key", "Encrypted private keys are not allowed",
          CREATE, pair(private_key=generated(passphrase="secret")[0]))


@row("G.1 ..._with_broken_private_key")
def _(api):
    wrong(api, PATH + "private_key", "", CREATE, pair(
        private_key="-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
        "-----END OPENSSH PRIVATE KEY-----\n"))


@row("G.1 ..._without_keys")
def _(api):
    for attributes in {}, {"private_key": None, "public_key": ""}:
        wrong(api, PATH + "public_key", "You must specify a key", CREATE,
              pair(**attributes))


@row("G.1 ..._with_non_matching_keys")
def _(api):
    wrong(api, PATH + "public_key",
          "Private key and public key do not match", CREATE,
          pair(private_key=generated()[0], public_key=generated()[1]))


@row("G.1 ..._with_invalid_public_key_only")
def _(api):
    wrong(api, PATH + "public_key", "Invalid public key", CREATE,
          pair(public_key="nonsense"))


@row("G.1 ..._derives_public_key_from_private_key")
def _(api):
    for kind in "rsa", "ecdsa", "ed25519":
        private, public = generated(kind)
        with made(api, "pair", private_key=f"\n{private}\n") as entity:
            same(entity["attributes"]["private_key"], private)
            same(entity["attributes"]["public_key"].split(),
                 public.split()[:2])


# ---- G.3: who uses it ----

@row("G.3 used_by: empty for an unused pair")
def _(api):
    with made(api, "pair") as key:
        same(api.call(USED_BY, key["id"]), [])


@row("G.3 used_by: SSH credentials with delete")
def _(api):
    with made(api, "pair") as key, to_pair(api, key):
        same(api.call(USED_BY, key["id"]), [
            {"title": "SSH credentials conn", "unbind_method": "delete"}])


@row("G.3 used_by: SFTP cloud credential with disable",
     "who uses it says so by naskeys.consumer.bind")
def _(api):
    with made(api, "pair") as key, consumer(api, key, "SFTP_CLOUD", "cloud"):
        same(api.call(USED_BY, key["id"]), [
            {"title": "Cloud credentials cloud", "unbind_method": "disable"}])


@row("G.3 used_by: replication task with disable",
     "who uses it says so by naskeys.consumer.bind")
def _(api):
    with made(api, "pair") as key, to_pair(api, key) as conn, \
            consumer(api, conn, "REPLICATION", "task"):
        same(api.call(USED_BY, conn["id"]), [
            {"title": "Replication task task", "unbind_method": "disable"}])


@row("G.3 used_by: unrelated pairs are not listed")
def _(api):
    with made(api, "pair") as key, made(api, "other") as other, \
            to_pair(api, other):
        same(api.call(USED_BY, key["id"]), [])


@row("G.3 used_by: recursive")
def _(api):
    with made(api, "pair") as key, to_pair(api, key) as conn, \
            consumer(api, conn, "REPLICATION", "task"):
        same([u["title"] for u in api.call(USED_BY, key["id"])],
             ["SSH credentials conn", "Replication task task"])


# ---- G.3: deleting ----

@row("G.3 cascade delete: of credentials disables the replication task and "
     "nulls its reference")
def _(api):
    with made(api, "pair") as key, to_pair(api, key) as conn, \
            consumer(api, conn, "REPLICATION", "task") as job:
        same(jobs(api, job), {"enabled": True, "credential_id": conn["id"]})
        same(api.call(DELETE, conn["id"], {"cascade": True}), None)
        same(jobs(api, job), {"enabled": False, "credential_id": None})


@row("G.3 cascade delete: of a pair deletes dependent credentials")
def _(api):
    with made(api, "pair") as key, to_pair(api, key) as conn:
        same(api.call(DELETE, key["id"], {"cascade": True}), None)
        e = refuses(api, "keychaincredential.get_instance", conn["id"])
        same(e.extra, [[None, f"KeychainCredential {conn['id']} does not "
                        "exist", 2]])


@row("G.3 cascade delete: of a pair removes the reference from SFTP "
     "credentials")
def _(api):
    with made(api, "pair") as key, \
            consumer(api, key, "SFTP_CLOUD", "cloud") as job:
        same(api.call(DELETE, key["id"], {"cascade": True}), None)
        same(jobs(api, job), {"enabled": False, "credential_id": None})


@row("G.3 cascade delete: without cascade, options.cascade")
def _(api):
    with made(api, "pair") as key, to_pair(api, key):
        for options in [], [{"cascade": False}]:
            same(wrong(api, "options.cascade", "", DELETE, key["id"],
                       *options),
                 ["options.cascade", "This credential is used and no cascade "
                  "option is specified", 22])
    with made(api, "pair") as key:
        same(api.call(DELETE, key["id"]), None)


# ---- G.3: by type ----

@row("G.3 get_of_type: unknown")
def _(api):
    e = refuses(api, "keychaincredential.get_of_type", 99999, "SSH_KEY_PAIR")
    same((e.number, e.reason), (2, "[ENOENT] Credential does not exist"))


@row("G.3 get_of_type: wrong type")
def _(api):
    with made(api, "pair") as key:
        del key["warnings"]
        e = refuses(api, "keychaincredential.get_of_type", key["id"],
                    "SSH_CREDENTIALS")
        same((e.number, e.reason), (22, "[EINVAL] Credential is not of type "
                                    "SSH_CREDENTIALS"))
        same(api.call("keychaincredential.get_of_type", key["id"],
                      "SSH_KEY_PAIR"), key)


@row("G.3 get_of_type: blanked attributes",
     "those that the sealing key does not open")
def _(api):
    with made(api, "pair") as key:
        os.rename(SEAL, SEAL + ".away")
        try:
            with connection(type(api)) as other:
                same(other.call("keychaincredential.get_instance",
                                key["id"])["attributes"], {})
                e = refuses(other, "keychaincredential.get_of_type",
                            key["id"], "SSH_KEY_PAIR")
        finally:
            os.rename(SEAL + ".away", SEAL)
        same(e.number, 14)
        within("Decrypting credential pair failed", e.reason)


# ---- G.3: host keys ----

@row("G.3 host key scan: localhost")
def _(api):
    text = api.call("keychaincredential.remote_ssh_host_key_scan",
                    {"host": "localhost", "port": SSH_PORT})
    scanned = shell("ssh-keyscan", "-4", "-p", str(SSH_PORT), "localhost")
    same(sorted(text.split("\n")), sorted(
        line.split(" ", 1)[1] for line in scanned.splitlines()
        if line and not line.startswith("# ")))


@row("G.3 host key scan: closed port")
def _(api):
    e = refuses(api, "keychaincredential.remote_ssh_host_key_scan",
                {"host": "localhost", "port": 9})
    same(e.number, 14)
    within("ssh-keyscan failed: ", e.reason)


@row("G.3 host key scan: unresolvable host")
def _(api):
    e = refuses(api, "keychaincredential.remote_ssh_host_key_scan",
                {"host": "nowhere.invalid"})
    same(e.number, 14)
    within("ssh-keyscan failed: ", e.reason)


# ---- G.3: in one call ----

def manual(**more):
    return {"setup_type": "MANUAL", "connection_name": "conn",
            "manual_setup": {"host": "localhost", "port": SSH_PORT,
                             "username": "root",
                             "remote_host_key": host_key()}, **more}


GENERATE = {"generate_key": True, "name": "pair"}


@row("G.3 setup_ssh_connection: manual with generated key")
def _(api):
    conn = api.call(SETUP, manual(private_key=GENERATE))
    key = api.call("keychaincredential.query", [["name", "=", "pair"]],
                   {"get": True})
    try:
        same((conn["name"], conn["type"]), ("conn", "SSH_CREDENTIALS"))
        same(conn["attributes"]["private_key"], key["id"])
        same(key["type"], "SSH_KEY_PAIR")
        assert key["attributes"]["public_key"].startswith("ssh-rsa "), key
    finally:
        api.call(DELETE, key["id"], {"cascade": True})


@row("G.3 setup_ssh_connection: manual with existing key")
def _(api):
    with made(api, "pair") as key:
        conn = api.call(SETUP, manual(private_key={
            "generate_key": False, "existing_key_id": key["id"]}))
        same(conn["attributes"]["private_key"], key["id"])


@row("G.3 setup_ssh_connection: unknown existing key")
def _(api):
    wrong(api, "setup_ssh_connection.private_key.existing_key_id",
          "SSH Key Pair not found", SETUP, manual(private_key={
              "generate_key": False, "existing_key_id": 99999}))


@row("G.3 setup_ssh_connection: used key name")
def _(api):
    with made(api, "pair"):
        wrong(api, "setup_ssh_connection.private_key.name",
              "Is already in use by another SSH Key pair", SETUP,
              manual(private_key=GENERATE))


@row("G.3 setup_ssh_connection: used connection name")
def _(api):
    with made(api, "other") as key, to_pair(api, key):
        wrong(api, "setup_ssh_connection.connection_name",
              "Is already in use by another Keychain Credential", SETUP,
              manual(private_key=GENERATE))
    same(api.call("keychaincredential.query", [["name", "=", "pair"]]), [])


# ---- G.3: a key is replaced ----

@row("G.3 test_keychain_credential_update_reloads_zettarepl",
     "what logs in next takes the new key")
def _(api):
    def works():
        return api.call("keychaincredential.test", conn["id"])["ok"]

    def replace(private, public):
        api.call("keychaincredential.update", key["id"], {"attributes": {
            "private_key": private, "public_key": public}})

    with open("key", encoding="ascii") as private, \
            open("key.pub", encoding="ascii") as public:
        right = private.read(), public.read()
    with made(api, "pair", private_key=right[0]) as key, \
            to_pair(api, key, port=SSH_PORT) as conn:
        same(works(), True)
        replace(*generated())
        same(works(), False)
        replace(*right)
        same(works(), True)


run("keypair")
