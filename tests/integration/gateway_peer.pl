#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# In the gateway's place: what standard input says goes to the socket, what the
# helper says goes to standard output, until either has had enough.
#
#   gateway_peer.pl SOCKET
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;

my $s = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $ARGV[0]) or
    die "$ARGV[0]: $!\n";
my $ready = IO::Select->new(\*STDIN, $s);
while (1) {
	for my $from ($ready->can_read) {
		my $n = sysread $from, my $bytes, 65536;
		exit 0 unless $n;
		my $to = $from == $s ? \*STDOUT : $s;
		while (length $bytes) {
			my $written = syswrite $to, $bytes;
			exit 0 unless $written;
			substr $bytes, 0, $written, '';
		}
	}
}
