#!/usr/bin/perl
# A loopback HTTP proxy for the end-to-end tests that knows CONNECT only: prints its port, then serves until it is
# killed.
#
# usage: connect_proxy.pl LOG [USER:PASSWORD]
#
# Each answer is a line "STATUS HOST:PORT" in LOG. Names below "localhost" are 127.0.0.1, which not every resolver
# knows; nothing else is connected to. With USER:PASSWORD it asks for them.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use MIME::Base64;

my ($log, $login) = @ARGV;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 16)
  or die "cannot listen: $!";
$| = 1;
print $server->sockport, "\n";
open my $record, '>>', $log or die "$log: $!";
$record->autoflush(1);
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'IGNORE';

sub copy_both_ways {
  my ($client, $target) = @_;
  my $ready = IO::Select->new($client, $target);
  while ($ready->count) {
    for my $from ($ready->can_read) {
      my $to = $from == $client ? $target : $client;
      my $length = sysread $from, my $bytes, 65536;
      return unless $length;
      for (my $sent = 0; $sent < $length;) {
        my $count = syswrite $to, $bytes, $length - $sent, $sent;
        return unless defined $count;
        $sent += $count;
      }
    }
  }
}

sub answer {
  my ($client) = @_;
  my ($head, $byte) = ('', '');
  $head .= $byte while $head !~ /\r\n\r\n$/ && length $head < 65536 && sysread $client, $byte, 1;
  my ($host, $port) = $head =~ /^CONNECT ([^ :]+):(\d+) /;
  my $refuse = sub {
    my ($status, $more) = @_;
    syswrite $client, "HTTP/1.1 $status X\r\nContent-Length: 0\r\n$more\r\n";
    print $record "$status ", (defined $host ? "$host:$port" : '-'), "\n";
  };
  return $refuse->(405, '') unless defined $host;
  my $wanted = defined $login ? 'Basic ' . encode_base64($login, '') : undef;
  my ($given) = $head =~ /^Proxy-Authorization: (.*?)\r$/mi;
  return $refuse->(407, "Proxy-Authenticate: Basic realm=\"test\"\r\n")
    if defined $wanted && ($given // '') ne $wanted;
  my $target = $host =~ /(^|\.)localhost$/
    && IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
  return $refuse->(502, '') unless $target;
  print $record "200 $host:$port\n";
  syswrite $client, "HTTP/1.1 200 Connected\r\n\r\n";
  copy_both_ways($client, $target);
}

while (1) {
  my $client = $server->accept or next;
  my $child = fork;
  if (defined $child && $child == 0) {
    close $server;
    answer($client);
    exit 0;
  }
  close $client;
}
