#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# An SFTP server that leaves in the middle: what the user's file "cut" says,
# "TYPE before|after close|hold".  Before or after it has done the first
# request of that type (the number that SFTP has for it), the connection is
# closed, or nothing more is answered.  sshd starts it, as the user.
use strict;
use warnings;
use IPC::Open2;

my ($type, $when, $how) = (0, '', '');
if (open my $f, '<', "$ENV{HOME}/cut") {
	($type, $when, $how) = split ' ', <$f>;
}

sub get {		# HANDLE LENGTH
	my ($h, $n) = @_;
	my $bytes = '';
	while (length $bytes < $n) {
		sysread($h, $bytes, $n - length $bytes, length $bytes) or exit;
	}
	return $bytes;
}
sub take {		# HANDLE: one packet of its
	my ($h) = @_;
	my $head = get($h, 4);
	return $head . get($h, unpack 'N', $head);
}
sub put {		# HANDLE BYTES
	my ($h, $bytes) = @_;
	while ($bytes ne '') {
		my $n = syswrite($h, $bytes) or exit;
		substr $bytes, 0, $n, '';
	}
}
sub leave {
	# the process of this user's that has the connection
	kill 'KILL', getppid if $how eq 'close';
	my $x;
	1 while sysread STDIN, $x, 4096;
	exit;
}

open2(my $from, my $to, '/usr/lib/openssh/sftp-server');
for (;;) {
	my $request = take(\*STDIN);
	my $here = unpack('x4C', $request) == $type;
	leave() if $here && $when eq 'before';
	put($to, $request);
	my $answer = take($from);
	leave() if $here;
	put(\*STDOUT, $answer);
}
