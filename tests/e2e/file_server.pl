#!/usr/bin/perl
# A loopback file server for the end-to-end tests: prints its port, then serves until it is killed.
#
# usage: file_server.pl DIRECTORY LOG
#
# Answers GET with Last-Modified, and with an ETag that it also compares, so that 304 happens. Where FILE.auth
# lies beside FILE, Authorization must be what it holds. Each answer is a line "STATUS PATH" in LOG. Perl, because
# perl-base is on every Debian, and it can bind port 0 and say which port it got.
use strict;
use warnings;
use IO::Socket::INET;

my ($directory, $log) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 16)
  or die "cannot listen: $!";
$| = 1;
print $server->sockport, "\n";
open my $record, '>>', $log or die "$log: $!";
$record->autoflush(1);
$SIG{PIPE} = 'IGNORE';

sub slurp {
  open my $file, '<:raw', $_[0] or return undef;
  local $/;
  return scalar <$file>;
}

sub http_date {
  my @t = gmtime $_[0];
  my @days = qw(Sun Mon Tue Wed Thu Fri Sat);
  my @months = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
  return sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', $days[$t[6]], $t[3], $months[$t[4]], $t[5] + 1900, @t[2, 1, 0];
}

sub answer {
  my ($path, $headers) = @_;
  my $file = $directory . $path;
  return (404, '', '') if $path =~ m{/\.\.(/|$)} || !-f $file;
  if (-f "$file.auth") {
    chomp(my $wanted = slurp("$file.auth"));
    return (401, '', '') unless ($headers->{authorization} // '') eq $wanted;
  }
  my @stat = stat $file;
  my $etag = "\"$stat[1]-$stat[7]-$stat[9]\"";
  my $more = "ETag: $etag\r\nLast-Modified: " . http_date($stat[9]) . "\r\n";
  return (304, $more, '') if ($headers->{'if-none-match'} // '') eq $etag;
  return (200, $more, slurp($file));
}

while (my $client = $server->accept) {
  binmode $client;
  my $request = <$client> // '';
  my %headers;
  while (defined(my $line = <$client>)) {
    last if $line =~ /^\r?\n$/;
    $headers{lc $1} = $2 if $line =~ /^([^:]+):\s*(.*?)\r?\n$/;
  }
  my ($path) = $request =~ m{^GET (/[^ ?]*)};
  next unless defined $path;
  my ($status, $more, $body) = answer($path, \%headers);
  print $client "HTTP/1.1 $status X\r\nConnection: close\r\nDate: ", http_date(time), "\r\n$more",
    ($status == 304 ? '' : 'Content-Length: ' . length($body) . "\r\n"), "\r\n", $body;
  close $client;
  print $record "$status $path\n";
}
