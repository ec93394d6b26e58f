package doctor

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Process is a program that runs on this machine.
type Process struct {
	PID  int    // 0: not known
	Name string // empty: not known
}

// String names the process for people.
func (p Process) String() string {
	switch {
	case p.PID == 0:
		return "another program"
	case p.Name == "":
		return fmt.Sprintf("process %d", p.PID)
	default:
		return fmt.Sprintf("%s (process %d)", p.Name, p.PID)
	}
}

// PortOwner says whether a TCP port of 127.0.0.1 is taken, and by which
// process where that can be told: on Linux, for processes that this user may
// look into.
func PortOwner(port int) (Process, bool) {
	taken, tried := try(port)
	if !taken && tried { // most are free, and many connections take long to list
		return Process{}, false
	}
	inodes := make(map[string]bool)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, socket := range parseSockets(string(data)) {
			if socket.listening && socket.takes(port) {
				inodes[socket.inode] = true
			}
		}
	}
	if len(inodes) == 0 && !taken {
		return Process{}, false
	}
	return processWith(inodes), true
}

// try listens on the port for a moment, and reports whether it is taken. One that
// may not be tried is not in use by that.
func try(port int) (taken, tried bool) {
	addresses := []net.IP{net.IPv4(127, 0, 0, 1)}
	if runtime.GOOS != "linux" {
		// Elsewhere one address can be had though all of them are taken.
		addresses = append(addresses, net.IPv4zero)
	}
	for _, address := range addresses {
		listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: address, Port: port})
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return true, true
		case err != nil:
			return false, false
		default:
			_ = listener.Close()
		}
	}
	return false, true
}

// socket is a line of /proc/net/tcp.
type socket struct {
	address   netip.AddrPort
	listening bool
	inode     string
}

// takes reports whether the socket keeps others off the port of 127.0.0.1.
func (s socket) takes(port int) bool {
	address := s.address.Addr().Unmap()
	return int(s.address.Port()) == port && (address.IsUnspecified() || address == netip.AddrFrom4([4]byte{127, 0, 0, 1}))
}

// parseSockets reads /proc/net/tcp or tcp6, see proc_net_tcp(5) of the
// kernel's documentation. Lines that are not understood are left out.
func parseSockets(table string) []socket {
	const listen = "0A"
	var sockets []socket
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) < 10 {
			continue
		}
		address, ok := parseAddress(fields[1])
		if !ok {
			continue
		}
		sockets = append(sockets, socket{address: address, listening: fields[3] == listen, inode: fields[9]})
	}
	return sockets
}

// parseAddress reads "0100007F:1F90": the address in words of four bytes, each
// in the machine's byte order (little-endian wherever we run), and the port.
func parseAddress(text string) (netip.AddrPort, bool) {
	host, port, found := strings.Cut(text, ":")
	if !found || (len(host) != 8 && len(host) != 32) {
		return netip.AddrPort{}, false
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	bytes := make([]byte, 0, 16)
	for at := 0; at < len(host); at += 8 {
		word, err := strconv.ParseUint(host[at:at+8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		bytes = append(bytes, byte(word), byte(word>>8), byte(word>>16), byte(word>>24))
	}
	address, ok := netip.AddrFromSlice(bytes)
	return netip.AddrPortFrom(address, uint16(number)), ok
}

// processWith finds the process that has one of the sockets open.
func processWith(inodes map[string]bool) Process {
	if len(inodes) == 0 {
		return Process{}
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return Process{}
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil {
			continue
		}
		inode, found := strings.CutPrefix(target, "socket:[")
		if !found || !inodes[strings.TrimSuffix(inode, "]")] {
			continue
		}
		return processOf(strings.Split(link, "/")[2])
	}
	return Process{}
}

func processOf(pid string) Process {
	number, err := strconv.Atoi(pid)
	if err != nil {
		return Process{}
	}
	name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
	if err != nil {
		return Process{PID: number}
	}
	// A process chooses its own name: only what prints is shown.
	printable := strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(string(name)))
	return Process{PID: number, Name: printable}
}
