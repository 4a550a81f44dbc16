#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# Private bytes in a trace: leaks.pl HEX <TRACE
# reads what "strace -f -yy -xx" wrote and prints every call, with its first
# argument, in whose bytes a half of the secret stands: as it is, in
# hexadecimal digits, or in base64 at whatever place.
use strict;
use warnings;
use MIME::Base64;

my $secret = pack 'H*', $ARGV[0];
my $half = length($secret) / 2;
my @needles;
for my $part (substr($secret, 0, $half), substr($secret, $half)) {
	push @needles, $part, unpack('H*', $part), uc unpack('H*', $part);
	for my $before (0 .. 2) {
		# four digits at each end depend on what stands beside them
		my $text = encode_base64("\0" x $before . $part, '');
		push @needles, substr $text, 4, int($half / 3) * 4 - 8;
	}
}

while (my $line = <STDIN>) {
	$line =~ s/\\x([0-9a-f]{2})/chr hex $1/ge;
	next if !grep { index($line, $_) >= 0 } @needles;
	print $line =~ /^\d+ +(\w+\([^,]*)/ ? "$1\n" : $line;
}
