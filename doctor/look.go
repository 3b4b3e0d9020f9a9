package doctor

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"tocsin/api"
	"tocsin/pki"
)

// dialWait is how long a connection may take to come about.
const dialWait = 2 * time.Second

// maxScripts bounds how many files of a scripts directory are looked at.
const maxScripts = 1000

// Place is what of a node lies on this machine, as far as that is known: paths
// are absolute, "" for what is not known.
type Place struct {
	Config, DataDir, Scripts string
	// TLS is the directory of the node's certificate, Secrets are files that hold a
	// token or a key.
	TLS     string
	Secrets []string
	// ScriptUser is whom scripts run as, as the node was told; "" is whom it runs as.
	ScriptUser string
}

// Paths returns where each path of the place is kept, to be made absolute.
func (at *Place) Paths() []*string {
	all := []*string{&at.Config, &at.DataDir, &at.Scripts, &at.TLS}
	for i := range at.Secrets {
		all = append(all, &at.Secrets[i])
	}
	return all
}

// Look looks around on this machine: at the ways to the observers other than
// self, and at the files of the place.
func Look(ctx context.Context, observers []api.Observer, self string, at Place) *Local {
	l := &Local{Files: at.files(), Certificates: lookAtCertificates(at.TLS, self, time.Now())}
	l.lookAs(at.ScriptUser)
	for _, o := range observers {
		if o.Node != self {
			l.Paths = append(l.Paths, Path{Node: o.Node, Address: o.Raft, What: "raft"}, Path{Node: o.Node, Address: o.Gossip, What: "gossip"})
		}
	}
	places := make(chan struct{}, askedAtOnce) // never closed; one for each that may be tried at once
	var trying sync.WaitGroup
	for i := range l.Paths {
		p := &l.Paths[i]
		trying.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			p.Problem, p.MTU = try(ctx, p.Address), mtuTo(p.Address)
		})
	}
	trying.Wait()
	return l
}

// try says why no connection can be made, "" if one can.
func try(ctx context.Context, address string) (problem string) {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err == nil {
		_ = connection.Close() // it was only tried
		return ""
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if ctx.Err() != nil {
		return "no answer within " + dialWait.String()
	}
	return err.Error()
}

// IsHere reports whether host is this machine: an address that one of its
// interfaces has, or a name that leads to one.
func IsHere(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, dialWait)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addresses {
		if a.IP.IsLoopback() {
			return true
		}
		for _, o := range own {
			if network, ok := o.(*net.IPNet); ok && network.IP.Equal(a.IP) {
				return true
			}
		}
	}
	return false
}

// files returns those that are there and can be seen.
func (at Place) files() []File {
	var all []File
	add := func(path string, kind FileKind) {
		if info, err := os.Stat(path); path != "" && err == nil {
			all = append(all, File{Path: path, Kind: kind, Perm: uint32(info.Mode().Perm())})
		}
	}
	add(at.Config, ConfigurationFile)
	add(at.DataDir, DataDirectory)
	add(at.Scripts, ScriptsDirectory)
	for _, path := range at.Secrets {
		add(path, Secret)
	}
	if at.TLS != "" {
		add(pki.FilesIn(at.TLS).Key, Secret)
	}
	if at.Scripts == "" {
		return all
	}
	entries, err := os.ReadDir(at.Scripts)
	if err != nil {
		return all // that it is not there is for the others to say
	}
	for _, e := range entries[:min(len(entries), maxScripts)] {
		if e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0 {
			add(filepath.Join(at.Scripts, e.Name()), Script)
		}
	}
	return all
}
