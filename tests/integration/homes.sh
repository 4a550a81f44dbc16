#!/bin/bash
# SPDX-License-Identifier: ISC
#
# authorized_keys files in homes: on real file systems that are full,
# read-only or protected, with what stands in the way, with injected errors,
# with a server that never answers, and against their owners.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib/suite.bash"
set -u
umask 022
programs=$BUILD/tests/integration
uid=4300
disk=$TMPDIR/disk

# Nobody but root may write above a home: not so in TMPDIR.
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir -p /mnt/homes /mnt/disk /mnt/attack
dd if=/dev/zero of="$disk" bs=1M count=8 status=none
mkfs.ext4 -q -N 128 "$disk"
mount -o loop "$disk" /mnt/disk || {
	fail "an ext4 of its own"
	finish
}
rmdir /mnt/disk/lost+found
home=/mnt/disk/alice
file=$home/.ssh/authorized_keys

# outcome NAME WANTED JOB...: what it says on standard error begins so, or
# it succeeds, for ""
outcome() {
	local name=$1 wanted=$2 got
	shift 2
	got=$("$programs/homes_job" "$uid" "$home" "$@" 2>&1 >/dev/null)
	case $got in
	"$wanted"*) [ -n "$wanted" ] || [ -z "$got" ] ;;
	*) false ;;
	esac
	same "$name" $? 0
	[ -z "$got" ] || echo "  $got"
}
text() { "$programs/homes_job" $uid $home read; }
tree() {
	find /mnt/disk -printf '%p %y %U %G %m %n %i %l %C@\n' | sort
	find /mnt/disk -type f -exec md5sum {} + | sort
}
# untouched NAME WANTED: none of the three jobs does anything
untouched() {
	local before
	before=$(tree)
	outcome "$1: read" "$2" read
	outcome "$1: replace" "$2" replace x
	outcome "$1: remove" "$2" remove
	same "$1: nothing is changed" "$(tree)" "$before"
}
fresh() {	# a home with a file
	chattr -R -i -a $home 2>/dev/null
	rm -rf $home
	install -d -o $uid -g $uid $home
	"$programs/homes_job" $uid $home replace old >/dev/null
}
modes() { stat -c '%u:%g %a' $home/.ssh $file | tr '\n' ' '; }

# ---- as it should be ----

fresh
same "a first file" "$(text)" old
same "its modes" "$(modes)" "4300:0 700 4300:0 600 "
same "written once" "$("$programs/homes_job" $uid $home replace old)" \
    unchanged
same "and replaced" "$("$programs/homes_job" $uid $home replace new)" changed
same "unless it is another one" \
    "$("$programs/homes_job" -o old $uid $home replace x 2>&1)" \
    "The file was changed by somebody else meanwhile; look at it again. \
(Stale file handle)"
same "which stays" "$(text)" new

# ---- ACLs ----

setfacl -m u:4301:rwx,m:rwx $home/.ssh
setfacl -d -m u:4301:rwx $home/.ssh
setfacl -m u:4301:rw,m:rw $file
check "somebody else may read it" setpriv --reuid 4301 --clear-groups \
    cat $file
inode=$(stat -c %i $file)
outcome "a job with the same text" "" replace new
same "puts that right" "$(getfacl -cps $home/.ssh $file)" ""
same "in the file that is there" "$(stat -c %i $file)" "$inode"
refused "now he may not" setpriv --reuid 4301 --clear-groups cat $file
setfacl -d -m u:4301:rwx $home
rm -r $home/.ssh
outcome "a new file" "" replace new
same "takes none from the home" "$(getfacl -cps $home/.ssh $file)" ""

# ---- full ----

fresh
# a folder's new entries need no new block; a file does
head -c 16M /dev/zero >/mnt/disk/fill 2>/dev/null
before=$(tree)
outcome "full: replace" "The home directory's file system is full." \
    replace new
same "the old file is intact" "$(tree | sed 's/ [0-9.]*$//')" \
    "$(sed 's/ [0-9.]*$//' <<<"$before")"
same "and nothing is beside it" "$(ls -A $home/.ssh)" authorized_keys
outcome "full: the same text" "" replace old
outcome "full: remove" "" remove
refused "is gone" test -e $file
rm /mnt/disk/fill
fresh
i=0
while : 2>/dev/null >"/mnt/disk/inode$i"; do i=$((i + 1)); done 2>/dev/null
outcome "no inode: replace" "The home directory's file system is full." \
    replace new
same "no inode: the old file" "$(text)" old
rm /mnt/disk/inode*

# ---- protected ----

protected=".ssh/authorized_keys or its folder is protected from changes"
for what in "+i $file" "+a $file" "+i $home/.ssh" "+a $home/.ssh"; do
	fresh
	# shellcheck disable=SC2086
	chattr $what
	before=$(tree)
	outcome "$what: read" "" read
	outcome "$what: replace" "$protected" replace new
	outcome "$what: remove" "$protected" remove
	outcome "$what: the same" "" replace old
	same "$what: nothing is changed" "$(tree | sed 's/ [0-9.]*$//')" \
	    "$(sed 's/ [0-9.]*$//' <<<"$before")"
	chattr -i -a $file $home/.ssh
done
fresh
rm -r $home/.ssh
chattr +i $home
outcome "no .ssh can be made" "$protected" replace new
outcome "which may be absent" "" read
chattr -i $home

# ---- read-only, away, moved ----

fresh
mount --bind $home $home
mount -o remount,bind,ro $home
outcome "read-only: read" "" read
outcome "read-only: replace" "The home directory is on a read-only" \
    replace new
outcome "read-only: remove" "The home directory is on a read-only" remove
outcome "read-only: the same" "" replace old
umount $home
umount /mnt/disk
outcome "unmounted" "The home directory is not there." replace new
mkdir $home
outcome "its mount point" "The home directory does not belong to the user" \
    replace new
same "where nothing is made" "$(ls -A $home)" ""
rmdir $home
mount -o loop "$disk" /mnt/disk
outcome "there again" "" replace new
mv $home /mnt/disk/moved
outcome "moved: the old place" "The home directory is not there." read
home=/mnt/disk/moved
same "moved: the new place" "$(text)" new
mv $home /mnt/disk/alice
home=/mnt/disk/alice
uid=4302
untouched "another uid" "The home directory does not belong to the user"
uid=4300

# ---- what stands in the way ----

fresh
mv $home /mnt/disk/real
ln -s real $home
untouched "a home that is a link" "The home directory is a symbolic link"
rm $home
mkfifo $home
untouched "a pipe" "What stands at the home directory's path is no folder"
rm $home
mv /mnt/disk/real $home
mount -t tmpfs -o uid=$uid tmpfs $home/.ssh
untouched "a file system on .ssh" "In the home directory, .ssh is a mount"
umount $home/.ssh
: >/mnt/disk/other
mount --bind /mnt/disk/other $file
untouched "a file system on the file" ".ssh/authorized_keys is a mount point"
umount $file
ln $file /mnt/disk/name
untouched "a hard link" ".ssh/authorized_keys is a hard link"
rm /mnt/disk/name
in_place() {	# NAME WANTED COMMAND...
	local name=$1 wanted=$2
	shift 2
	rm -rf $file
	"$@" $file
	untouched "$name" "$wanted"
	rm -rf $file
}
in_place "a link to shadow" ".ssh/authorized_keys is a symbolic link" \
    ln -s /etc/shadow
in_place "a pipe for the file" ".ssh/authorized_keys is no regular" mkfifo
in_place "a folder for the file" ".ssh/authorized_keys is no regular" mkdir
device() { mknod -m 666 "$1" c 1 5; }
in_place "a device" ".ssh/authorized_keys is no regular file" device
in_place "root's file" ".ssh/authorized_keys does not belong" touch
fresh
chmod 777 /mnt/disk
untouched "others may write above" "A folder or link above the home"
chmod 755 /mnt/disk

# ---- root ----

uid=0
home=/root
file=$home/.ssh/authorized_keys
rm -rf /root/.ssh
outcome "root's" "" replace new
same "root's modes" "$(modes)" "0:0 700 0:0 600 "
same "root's text" "$(text)" new
chmod 777 /root
outcome "a home that others may write to" \
    "Others may write to the home directory of root" read
chmod 700 /root
chown 4300 /root
outcome "a home that is another's" "The home directory does not belong" \
    remove
chown 0 /root
outcome "root's is removed" "" remove

# ---- errors of quotas and servers; a server that does not answer ----

install -d -o 4300 -g 4300 /mnt/homes/fault /mnt/homes/hang
quick=(-q)
rounds=3000
[ "${LONG:-no}" != yes ] || { quick=(); rounds=100000; }
"$programs/homes_fault" "${quick[@]}" "$programs/homes_job" \
    /mnt/homes/fault 4300 || bad=1
"$programs/homes_hang" /mnt/homes/hang 4300 || bad=1

# ---- the owner ----

"$programs/homes_attack" -n $rounds /mnt/attack || bad=1
finish
