#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# An SSH server that does everything wrong, each thing on a port of its own.
#   hostile.pl PORT SSHD-PORT
# prints "ready" when it listens; PORT and those above it are, in this order,
# the modes below.  It ends with its parent's standard input.
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use POSIX ();

my ($port, $sshd) = @ARGV;
my $greeting = "SSH-2.0-hostile\r\n";

sub say_slowly {	# SOCKET TEXT SECONDS: a byte at a time
	my ($s, $text, $seconds) = @_;
	for my $c (split //, $text) {
		$s->syswrite($c) or return;
		select undef, undef, undef, $seconds;
	}
}
sub say_much {		# SOCKET TEXT: up to 64 megabytes of it
	my ($s, $text) = @_;
	$text x= int(65536 / length $text) + 1;
	for (1 .. 1024) { $s->syswrite($text) or return; }
}
sub hold { my ($s) = @_; my $x; while ($s->sysread($x, 4096)) { } }
# drain what has come, so that closing sends no reset
sub bye { my ($s) = @_; shutdown $s, 1; hold($s); }
sub packet {		# PAYLOAD
	my ($p) = @_;
	my $pad = 8 - (5 + length $p) % 8;
	$pad += 8 if $pad < 4;
	return pack('NC', 1 + length($p) + $pad, $pad) . $p . "\0" x $pad;
}
sub kexinit {		# TEN-LISTS
	return packet("\x14" . "k" x 16 .
	    join('', map { pack('N/a*', $_) } @_) . "\0" x 5);
}
# The real server, of whose bytes only so many come, and then the end, or
# nothing more; with a rate, behind its greeting, this many a second.
sub relay {		# SOCKET BYTES RATE THEN
	my ($s, $bytes, $rate, $then) = @_;
	my $slow = 0;
	my $r = IO::Socket::IP->new(PeerHost => '127.0.0.1',
	    PeerPort => $sshd) or return;
	my $sel = IO::Select->new($s, $r);
	my $x;
	while (my @ready = $sel->can_read) {
		for my $h (@ready) {
			my $n = $slow && $h == $r ? 1 : 4096;
			$n = $bytes if $h == $r && $n > $bytes;
			return $then->($s) if $n == 0;
			$h->sysread($x, $n) or return;
			($h == $r ? $s : $r)->syswrite($x) or return;
			$bytes -= length $x if $h == $r;
			select undef, undef, undef, 1 / $rate
			    if $slow && $h == $r;
			$slow = $rate if $h == $r;
		}
	}
}
my @alg = ('curve25519-sha256', 'ssh-ed25519', ('aes128-ctr') x 2,
    ('hmac-sha2-256') x 2, ('none') x 2, '', '');

my @modes = (
    sub { hold($_[0]) },					# 0 silent
    sub { say_slowly($_[0], $greeting x 9, 1) },		# 1 slow
    sub { say_much($_[0], "hello\r\n") },			# 2 much
    sub { say_much($_[0], "hello") },				# 3 one line
    sub { bye($_[0]) },						# 4 closes
    sub { $_[0]->syswrite("HTTP/1.1 400 Bad\r\n\r\n"); bye($_[0]) },
    sub { $_[0]->syswrite($greeting); bye($_[0]) },		# 6
    sub { $_[0]->syswrite($greeting); hold($_[0]) },		# 7
    sub { $_[0]->syswrite($greeting); say_much($_[0], "\x7f") }, # 8
    sub { $_[0]->syswrite("SSH-1.5-old\n"); hold($_[0]) },	# 9
    sub { $_[0]->syswrite($greeting . kexinit($alg[0], 'ssh-dss',
	@alg[2 .. 9])); hold($_[0]) },				# 10
    sub { $_[0]->syswrite($greeting . kexinit('diffie-hellman-group1-sha1',
	@alg[1 .. 9])); hold($_[0]) },				# 11
    sub { $_[0]->syswrite($greeting . packet("\x14short")); hold($_[0]) },
    sub { $_[0]->syswrite($greeting . substr(kexinit(@alg), 0, 40));
	hold($_[0]) },						# 13
    sub { $_[0]->syswrite($greeting . kexinit(@alg) .
	packet("\x1f" . pack('N', 2 ** 31))); hold($_[0]) },	# 14
    sub { $_[0]->syswrite($greeting . packet("\x01" . pack('NN/a*N', 11,
	"go \e[31maway\n" . "x" x 3000, 0))); hold($_[0]) },	# 15
    sub { relay($_[0], 2 ** 30, 20, \&bye) },			# 16 too slow
    # 17 and on: cut after so many bytes, from 22 on in a login
    (map { my $n = $_; sub { relay($_[0], $n, 0, \&bye) } }
	30, 60, 700, 1000, 1250,
	1500, 1700, 1900, 2100, 2300, 2500, 2700, 2900),
    # 30 and on: silent from there on
    (map { my $n = $_; sub { relay($_[0], $n, 0, \&hold) } }
	1500, 1900, 2300, 2700, 2900),
);

$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my $sel = IO::Select->new(\*STDIN);
my %mode;
for my $i (0 .. $#modes) {
	my $l = IO::Socket::IP->new(LocalHost => '0.0.0.0',
	    LocalPort => $port + $i, Listen => 16, ReuseAddr => 1) or
	    die "port " . ($port + $i) . ": $!";
	$mode{$l} = $modes[$i];
	$sel->add($l);
}
$| = 1;
print "ready\n";
while (my @ready = $sel->can_read) {
	for my $l (@ready) {
		exit if !$mode{$l};
		my $s = $l->accept or next;
		next if fork;
		# a server that outlives the test would hold its namespace
		alarm 30;
		$mode{$l}->($s);
		POSIX::_exit(0);
	}
}
