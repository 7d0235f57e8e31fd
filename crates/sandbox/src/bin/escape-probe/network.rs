//! Attempts on the network, on sockets of every family, and on shared objects of the host.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixStream};
use std::time::Duration;

use super::files::first_escape;
use super::{Attempt, Verdict, attempt, call, control, io, name_of, when};

pub const ATTEMPTS: &[Attempt] = &[
    control("host-loopback", "connect to a server on the host's 127.0.0.1", |host| {
        connect(([127, 0, 0, 1], host.port).into())
    }),
    attempt("host-loopback-mapped", "the same by an IPv4-mapped IPv6 address", |host| {
        let mapped = std::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped();
        connect((mapped, host.port).into())
    }),
    attempt("any-address", "the same by 0.0.0.0", |host| connect(([0, 0, 0, 0], host.port).into())),
    attempt("internet", "connect past the proxy to an address outside", |_| {
        connect(([192, 0, 2, 1], 443).into())
    }),
    attempt("internet-6", "the same by IPv6", |_| connect("[2001:db8::1]:443".parse().expect("an address"))),
    attempt("name-server", "send a datagram to a name server", |_| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("UDP works inside");
        io(socket.send_to(b"x", "192.0.2.53:53"))
    }),
    attempt("link-local", "reach the machine's metadata service", |_| {
        connect(([169, 254, 169, 254], 80).into())
    }),
    attempt("interfaces", "see an interface of the host", |_| {
        let table = fs::read_to_string("/proc/net/dev").expect("one's own network");
        let names: Vec<&str> =
            table.lines().skip(2).filter_map(|line| line.trim().split(':').next()).collect();
        when(names != ["lo"], "only an unconnected loopback")
    }),
    attempt("proxy-port", "take over the port of the proxy", |_| {
        first_escape(["127.0.0.1:3128", "0.0.0.0:3128"].map(|at| io(TcpListener::bind(at))))
    }),
    attempt("proxy-port-shared", "the same with SO_REUSEADDR and SO_REUSEPORT", |_| share_port()),
    control("host-abstract-socket", "connect to an abstract Unix socket of the host", |host| {
        let address = UnixAddr::from_abstract_name(&host.abstract_name).expect("a name");
        io(UnixStream::connect_addr(&address))
    }),
    control("host-unix-socket", "connect to a Unix socket file of the host", |host| {
        io(UnixStream::connect(format!("{}/socket", host.directory)))
    }),
    attempt("host-services", "reach well-known sockets of the host", |_| {
        let paths = [
            "/run/docker.sock",
            "/var/run/docker.sock",
            "/run/dbus/system_bus_socket",
            "/run/systemd/notify",
        ];
        first_escape(paths.map(|path| io(UnixStream::connect(path).map(drop).or_else(|_| datagram(path)))))
    }),
    control("socket-netlink", "talk to the kernel by netlink", |_| {
        socket(libc::AF_NETLINK, libc::SOCK_RAW, 0)
    }),
    attempt("socket-packet", "see and send raw frames", |_| socket(libc::AF_PACKET, libc::SOCK_RAW, 0)),
    attempt("socket-vsock", "reach the hypervisor", |_| socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)),
    attempt("socket-alg", "use the kernel's cryptography", |_| socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0)),
    attempt("socket-raw", "raw IP packets", |_| socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)),
    attempt("socket-raw-6", "raw IPv6 packets", |_| {
        socket(libc::AF_INET6, libc::SOCK_RAW, libc::IPPROTO_ICMPV6)
    }),
    attempt("socket-sctp", "a protocol whose module would be loaded", |_| {
        socket(libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_SCTP)
    }),
    attempt("socket-every-family", "every other address family there is", |_| every_family()),
    attempt("socket-pair-family", "another family by socketpair (TIPC)", |_| {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors.
        call(unsafe { libc::socketpair(libc::AF_TIPC, libc::SOCK_STREAM, 0, ends.as_mut_ptr()) })
    }),
    control("host-shared-memory", "attach to a System V memory segment of the host", |host| {
        // SAFETY: integers only.
        call(unsafe { libc::shmget(host.shm_key, 1, 0) })
    }),
    control("host-posix-memory", "open a file of the host's /dev/shm", |host| {
        io(fs::File::open(format!("/dev/shm/{}", host.shm_name)))
    }),
    attempt("host-message-queue", "see message queues and segments of the host", |_| {
        let tables = ["/proc/sysvipc/shm", "/proc/sysvipc/msg", "/proc/sysvipc/sem"];
        first_escape(tables.map(|path| match fs::read_to_string(path) {
            Ok(table) => when(table.lines().count() > 1, "the tables are empty"),
            Err(error) => Verdict::Stopped(name_of(&error)),
        }))
    }),
];

fn connect(to: SocketAddr) -> Verdict {
    io(TcpStream::connect_timeout(&to, Duration::from_secs(3)))
}

fn datagram(path: &str) -> std::io::Result<()> {
    UnixDatagram::unbound()?.connect(path)
}

fn socket(family: i32, kind: i32, protocol: i32) -> Verdict {
    // SAFETY: integers only.
    call(unsafe { libc::socket(family, kind, protocol) })
}

fn every_family() -> Verdict {
    let kinds = [libc::SOCK_STREAM, libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_SEQPACKET];
    for family in (0..64).filter(|f| ![libc::AF_UNIX, libc::AF_INET, libc::AF_INET6].contains(f)) {
        for kind in kinds {
            if let Verdict::Escaped(_) = socket(family, kind, 0) {
                return Verdict::Escaped(format!("family {family}, kind {kind}"));
            }
        }
    }
    Verdict::Stopped("61 families refused".into())
}

fn share_port() -> Verdict {
    let address: [u8; 16] = {
        let port = 3128u16.to_be_bytes();
        [2, 0, port[0], port[1], 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    };
    let yes = 1i32;
    // SAFETY: options and address have the sizes passed and outlive the calls.
    unsafe {
        let fd = libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0);
        for option in [libc::SO_REUSEADDR, libc::SO_REUSEPORT] {
            libc::setsockopt(fd, libc::SOL_SOCKET, option, (&raw const yes).cast(), 4);
        }
        if libc::bind(fd, address.as_ptr().cast(), 16) < 0 {
            return call(-1);
        }
        call(libc::listen(fd, 1))
    }
}
