#!/usr/bin/perl
# Servers between cooper and a registry, on a free loopback port that is printed once it is listened on.
#
# usage: proxies.pl nginx DIRECTORY UPSTREAM BODY_LIMIT     nginx with client_max_body_size
#        proxies.pl cut UPSTREAM BYTES TIMES                cuts a connection after so many bytes, so many times
use strict;
use warnings;
use Fcntl;
use IO::Select;
use IO::Socket::INET;

$| = 1;
my $kind = shift;
my $listener = IO::Socket::INET->new(Listen => 64, LocalAddr => '127.0.0.1', LocalPort => 0) or die "cannot listen: $!";
my $port = $listener->sockport;

if ($kind eq 'nginx') {
  my ($directory, $upstream, $limit) = @ARGV;
  open(my $config, '>', "$directory/nginx.conf") or die "cannot write a configuration: $!";
  print $config <<CONFIG;
daemon off;
worker_processes 1;
pid $directory/pid;
error_log $directory/error.log;
events {}
http {
  access_log $directory/access.log;
  client_body_temp_path $directory/body;
  proxy_temp_path $directory/proxy;
  fastcgi_temp_path $directory/fastcgi;
  uwsgi_temp_path $directory/uwsgi;
  scgi_temp_path $directory/scgi;
  server {
    listen 127.0.0.1:$port;
    client_max_body_size $limit;
    location / {
      proxy_pass http://$upstream;
      proxy_set_header Host \$http_host;
    }
  }
}
CONFIG
  close $config;
  # nginx takes over the socket that it is told of, so nobody else can get the port meanwhile.
  fcntl($listener, F_SETFD, 0);
  $ENV{NGINX} = fileno($listener) . ';';
  print "$port\n";
  open(STDOUT, '>', '/dev/null');
  exec 'nginx', '-e', "$directory/error.log", '-c', "$directory/nginx.conf" or die "cannot start nginx: $!";
}

my ($upstream, $limit, $times) = @ARGV;
$SIG{PIPE} = 'IGNORE';
print "$port\n";
my $ready = IO::Select->new($listener);
my (%other, %passed);
sub drop {
  my ($socket) = @_;
  my $peer = delete $other{$socket};
  for my $end (grep { defined } $socket, $peer) {
    delete $other{$end};
    delete $passed{$end};
    $ready->remove($end);
    # Unsent data is dropped and the peer sees a reset.
    setsockopt($end, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0));
    close $end;
  }
}
while (1) {
  for my $socket ($ready->can_read) {
    if ($socket == $listener) {
      my $client = $listener->accept or next;
      my $server = IO::Socket::INET->new(PeerAddr => $upstream) or die "cannot reach $upstream: $!";
      $other{$client} = $server;
      $other{$server} = $client;
      $passed{$client} = $passed{$server} = \(my $bytes = 0);
      $ready->add($client, $server);
      next;
    }
    my $peer = $other{$socket} or next;
    my $length = sysread($socket, my $data, 65536);
    if (!$length) { drop($socket); next; }
    my $bytes = $passed{$socket};
    $$bytes += $length;
    if ($$bytes > $limit && $times > 0) {
      $times--;
      print "cut\n";
      drop($socket);
      next;
    }
    for (my $sent = 0; $sent < $length;) {
      my $written = syswrite($peer, $data, $length - $sent, $sent);
      if (!defined $written) { drop($socket); last; }
      $sent += $written;
    }
  }
}
