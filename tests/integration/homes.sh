#!/bin/bash
# SPDX-License-Identifier: ISC
#
# authorized_keys files in homes: on real file systems that are full,
# read-only or protected, with what stands in the way, with injected errors,
# with a server that never answers, and against their owners.  And homes as a
# whole: their modes, their copies, what is removed in them.
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

# ---- homes as a whole ----

uid=4300
home=/mnt/disk/alice
file=$home/.ssh/authorized_keys
new=/mnt/homes/new
# whole NAME WANTED JOB...: as outcome
whole() {
	local name=$1 wanted=$2 got
	shift 2
	got=$("$programs/homes_dir" -g "$uid" "$uid" "$home" "$@" 2>&1)
	case $got in
	"$wanted"*) [ -n "$wanted" ] || [ -z "$got" ] ;;
	*) false ;;
	esac
	same "$name" $? 0
	[ -z "$got" ] || echo "  $got"
}
contents() {	# without the folder itself
	(cd "$1" && find . ! -name . -printf '%p %y %U %G %m %l %T@\n' | sort
	find . -type f -exec md5sum {} + | sort
	find . ! -name . ! -type l -print0 | sort -z | xargs -0 getfacl -p
	find . -type f -print0 | sort -z | xargs -0 getfattr -d -m '^user')
}
fresh
chown -R $uid:$uid $home
chmod 755 $home
# shellcheck disable=SC2016
setpriv --reuid $uid --regid $uid --clear-groups sh -c 'cd "$1" &&
    umask 022 && mkdir -p docs/a/b "sp ace" && echo text >docs/a/b/file &&
    ln -s ../file docs/link && mkfifo -m 600 pipe &&
    head -c 300000 /dev/urandom >big && touch -d 2001-02-03 docs/a &&
    chmod 750 docs && setfattr -n user.note -v hers big &&
    setfacl -m u:4301:rw docs/a/b/file && : >"-rf
x"' sh $home
dd if=/dev/zero of="$disk.2" bs=1M count=8 status=none
mkfs.ext4 -q -N 128 "$disk.2"
mkdir $new
mount -o loop "$disk.2" $new
rmdir $new/lost+found
whole "a new home of root's" "The home directory does not belong" copy $new
same "gets nothing" "$(ls -A $new)" ""
chown $uid:$uid $new
chmod 711 $new
before=$(contents $home)
whole "a copy to another file system" "" copy $new
same "has all of it" "$(contents $new)" "$before"
same "and the mode that it had" "$(stat -c %a $new)" 711
whole "again" "" copy $new
same "changes nothing" "$(contents $new)" "$before"
same "the old one is as it was" "$(contents $home)" "$before"
echo more >>$new/docs/a/b/file
whole "what is another file there" "docs/a/b/file: Another file of this" \
    copy $new
same "stays" "$(tail -n 1 $new/docs/a/b/file)" more
truncate -s 4G $home/sparse
chown $uid:$uid $home/sparse
rm $new/docs/a/b/file
whole "holes take no room" "" copy $new
same "and stay holes" "$(stat -c %s $new/sparse)" 4294967296
rm $home/sparse $new/sparse $new/big
head -c 16M /dev/zero >$new/fill 2>/dev/null
whole "full" "The home directory's file system is full." copy $new
refused "half a file is removed" test -e $new/big
rm $new/fill
whole "there is room again" "" copy $new
check "and all is there" cmp $home/big $new/big
mount -o remount,ro $new
rm $home/docs/link
whole "nothing to be copied to a read-only one" "" copy $new
touch $home/another
chown $uid $home/another
whole "or something" "The home directory is on a read-only" copy $new
mount -o remount,rw $new
mount -t tmpfs tmpfs $home/docs
whole "a mount point" "docs: Something is mounted there" copy $new
umount $home/docs
whole "a mode" "" set 750
same "is given" "$(stat -c %a $home)" 750
setfacl -m u:4301:rwx $home
whole "a mode where there is an ACL" "" set 700
same "takes that away" "$(getfacl -cps $home)" ""
chattr +i $home
whole "an immutable home" "The home directory path is immutable" set 711
whole "keeps .ssh" "The home directory path is immutable" remove-ssh
chattr -i $home
mkdir $home/.ssh/more
chown $uid $home/.ssh/more
chmod 0 $home/.ssh/more
whole "a folder in .ssh that nobody may read" "The user may not" remove-ssh
chmod 500 $home/.ssh/more
whole "that nobody may write to" "" remove-ssh
refused ".ssh is gone" test -e $home/.ssh
check "and nothing else" test -e $home/big
whole "all goes" "" empty
same "is gone" "$(ls -A $home)" ""
umount $new

# a copy that is killed, somewhere in the middle
home=/mnt/homes/many
install -d -o $uid -g $uid $home $new
# shellcheck disable=SC2016
setpriv --reuid $uid --regid $uid --clear-groups sh -c 'cd "$1" &&
    for d in 1 2 3 4 5 6 7 8 9; do mkdir $d && for f in $(seq 150); do
    echo $d $f >$d/$f; done; done' sh $home
before=$(contents $home)
for n in 1 50 200 300 400; do	# in the n-th file
	strace -f -qq -o /dev/null -e trace=copy_file_range \
	    -e inject=copy_file_range:signal=KILL:when=$n \
	    "$programs/homes_dir" -g $uid $uid $home copy $new 2>/dev/null &&
	    fail "a copy that is killed says so"
done
same "in the middle" "$(($(find $new -type f | wc -l) < 1351))" 1
whole "the next one goes on" "" copy $new
same "and has all" "$(contents $new)" "$before"

# ---- errors of quotas and servers; a server that does not answer ----

install -d -o 4300 -g 4300 /mnt/homes/fault /mnt/homes/hang
quick=(-q)
rounds=3000
[ "${LONG:-no}" != yes ] || { quick=(); rounds=100000; }
"$programs/homes_fault" "${quick[@]}" "$programs/homes_job" \
    /mnt/homes/fault 4300 || bad=1
mkdir /mnt/homes/dirfault
"$programs/homes_dirfault" "${quick[@]}" "$programs/homes_dir" \
    /mnt/homes/dirfault 4300 || bad=1
"$programs/homes_hang" /mnt/homes/hang 4300 || bad=1

# ---- the owner ----

"$programs/homes_attack" -n $rounds /mnt/attack || bad=1
finish
