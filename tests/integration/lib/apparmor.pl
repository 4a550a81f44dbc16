#!/usr/bin/perl
# SPDX-License-Identifier: ISC
#
# Does a profile allow what a program was seen to do?
#
#   apparmor.pl TRACE PROFILE=PROGRAM...
#
# TRACE is what "strace -f -y -z" wrote; each PROFILE is a text that
# apparmor_parser --preprocess has made, for processes that run PROGRAM.  Prints
# a line "PROFILE MODE PATH" for each file that no rule of its lets it use, and
# "used PROFILE N" for how many it used.
use strict;
use warnings;

my ($trace, @pairs) = @ARGV;
my (%rules, %profile);

# A pattern of the profile language, whose variables are expanded.
sub pattern {
	my ($text) = @_;
	my ($re, $depth) = ('', 0);
	while ($text =~ /\G(\*\*|\*|\?|\\.|\[[^\]]*\]|[{},]|[^*?\\{},\[]+)/gc) {
		my $t = $1;
		if ($t eq '**') { $re .= '.*'; }
		elsif ($t eq '*') { $re .= '[^/]*'; }
		elsif ($t eq '?') { $re .= '[^/]'; }
		elsif ($t eq '{') { $re .= '(?:'; $depth++; }
		elsif ($t eq '}') { $re .= ')'; $depth--; }
		elsif ($t eq ',') { $re .= $depth ? '|' : ','; }
		elsif ($t =~ /^\[/) { $re .= $t; }
		else { $re .= quotemeta($t =~ s/^\\//r); }
	}
	return $re;
}

sub expand {
	my ($text, $vars) = @_;
	while ($text =~ m!\@\{(\w+)\}(/?)!) {
		my ($name, $slash) = ($1, $2);
		my @all = map { $slash ? s!/+$!!r : $_ }
		    @{$vars->{$name} // []};
		my $all = '{' . join(',', @all) . '}';
		$text =~ s!\@\{\Q$name\E\}\Q$slash\E!$all$slash!;
	}
	return $text;
}

sub read_profile {
	my ($name, $file) = @_;
	my %vars;
	open my $f, '<', $file or die "$file: $!\n";
	while (<$f>) {
		s/(^|\s)#.*//;
		if (/^\s*\@\{(\w+)\}\s*\+?=\s*(.*?)\s*$/) {
			push @{$vars{$1}}, split ' ', $2;
		} elsif (m!^\s*(?:(?:audit|owner|allow)\s+)*("?[/@]\S*)\s+
		    ([rwaklmixpucPUC]+)(?:\s*->\s*\S+)?\s*,\s*$!x) {
			my ($path, $mode) = ($1, $2);
			$path =~ s/"//g;
			my $re = pattern(expand($path, \%vars));
			push @{$rules{$name}}, [qr/^$re$/, $mode];
		}
	}
}

sub allows {
	my ($name, $mode, $path) = @_;
	my %left = map { $_ => 1 } split //, $mode;
	for my $rule (@{$rules{$name}}) {
		next unless $path =~ $rule->[0];
		my $have = $rule->[1];
		$have .= 'a' if $have =~ /w/;
		delete $left{$_} for split //, $have;
		return 1 unless %left;
	}
	return 0;
}

for (@pairs) {
	my ($file, $program) = split /=/;
	my ($name) = $file =~ m{([^/]+)$};
	read_profile($name, $file);
	$profile{$program} = $name;
}

# First who is whose child: a child may be seen before its parent's line.
my (%parent, %runs, %used, %told);
open my $t, '<', $trace or die "$trace: $!\n";
my @lines = <$t>;
for (@lines) {
	$parent{$2} //= $1 if /^(\d+) .*(?:clone3?|fork|vfork)\b.*= (\d+)$/;
}
sub program {
	my ($pid) = @_;
	$runs{$pid} = program($parent{$pid})
	    if !defined $runs{$pid} && defined $parent{$pid};
	return $runs{$pid} // '';
}
sub use_file {
	my ($pid, $mode, $path) = @_;
	my $name = $profile{program($pid)} // return;
	return if $path !~ m{^/} || $path =~ m{^/memfd:| \(deleted\)$};
	$used{$name}++ unless $told{"$name $mode $path"}++;
	return if $told{"$name $mode $path"} > 1 ||
	    allows($name, $mode, $path);
	# a folder can be opened without being called one
	return if $mode eq 'r' && allows($name, 'r', "$path/");
	print "$name $mode $path\n";
}
my $fd = qr/(?:AT_FDCWD|\d+)<([^>]*)>/;
sub join_path {
	my ($at, $name) = @_;
	return $name =~ m{^/} ? $name : "$at/$name";
}
for (@lines) {
	my ($pid, $call) = /^(\d+) +(.*)/ or next;
	if ($call =~ /^execve\("([^"]+)".*= 0$/) {
		my $path = $1 eq '/proc/self/exe' ? program($pid) : $1;
		use_file($pid, 'x', $path);
		$runs{$pid} = $path;
	} elsif ($call =~ /^open(?:at2?)?\(.*?"[^"]*", (.*) = \d+<([^>]*)>$/) {
		my ($how, $path) = ($1, $2);
		next if $how =~ /O_PATH/;
		my $mode = $how =~ /O_RDWR/ ? 'rw' : $how =~ /O_WRONLY/ ?
		    'w' : 'r';
		$path .= '/' if $how =~ /O_DIRECTORY/ && $path !~ m{/$};
		use_file($pid, $mode, $path);
	} elsif ($call =~ /^(mkdir|unlink|rmdir)(?:at)?\((?:$fd, )?"([^"]+)"/) {
		my ($what, $at, $name) = ($1, $2 // '', $3);
		my $path = join_path($at, $name);
		$path .= '/' if $what ne 'unlink' ||
		    index($call, 'AT_REMOVEDIR') >= 0;
		use_file($pid, 'w', $path);
	} elsif ($call =~ /^(rename|link)(?:at2?)?\((?:$fd, )?"([^"]+)", (?:$fd, )?"([^"]+)"/) {
		use_file($pid, 'w', join_path($2 // '', $3));
		use_file($pid, $1 eq 'link' ? 'l' : 'w',
		    join_path($4 // '', $5));
	} elsif ($call =~ /^(?|fcntl\(\d+<([^>]*)>, F_(?:OFD_)?SETLKW?,|flock\(\d+<([^>]*)>)/) {
		use_file($pid, 'k', $1);
	} elsif ($call =~ /^(?:bind|connect)\(.*sun_path="(\/[^"]+)"/) {
		use_file($pid, 'w', $1);
	}
}
print "used $_ $used{$_}\n" for sort keys %used;
