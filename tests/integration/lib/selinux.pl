#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# Has what takes a file's place the label that the place has?
#
#   selinux.pl DOMAIN TE FC TRACE
#
# A new file has its folder's label, unless the module names another one for its
# name; renaming changes nothing of it.  TRACE is what "strace -y" wrote of a
# process in DOMAIN.  Prints "PATH LABEL, not LABEL" for each that has another
# one than FC says, and "seen N".
use strict;
use warnings;

my ($domain, $te, $fc, $trace) = @ARGV;
my (@labels, %named, %told);
my $n = 0;

open my $f, '<', $fc or die "$fc: $!\n";
while (<$f>) {
	push @labels, [qr/^$1$/, $2, length $1]
	    if m!^(/\S+)\s.*:object_r:(\w+)!;
}
@labels = sort { $a->[2] <=> $b->[2] } @labels;
open my $t, '<', $te or die "$te: $!\n";
while (<$t>) {
	$named{"$1 $3"} = $2
	    if /^filetrans_pattern\(\Q$domain\E, (\w+), (\w+), file, "(.*)"\)/;
}

# The more is said of a path, the more it counts.
sub label {
	my ($path) = @_;
	my $found;
	for (@labels) { $found = $_->[1] if $path =~ $_->[0]; }
	return $found;
}

open my $r, '<', $trace or die "$trace: $!\n";
while (<$r>) {
	next unless m!rename(?:at2?)?\(\d+<([^>]+)>, "([^"/]+)", \d+<\1>, "([^"/]+)"!;
	my ($folder, $from, $to) = ($1, $2, $3);
	my $wanted = label("$folder/$to") // next;
	my $is = label($folder);
	$is = $named{"$is $from"} // $is;
	$n++;
	next if $is eq $wanted || $told{"$folder/$to"}++;
	print "$folder/$to $is, not $wanted\n";
}
print "seen $n\n";
