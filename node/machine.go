package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"tocsin/keyring"
)

// lookupTimeout bounds how long a name may take to be looked up.
const lookupTimeout = 2 * time.Second

// ValidateHere returns what would keep a node with c from starting on this
// machine, or from being reached, as far as that can be seen without changing
// anything: each naming the flag. c is valid; without a name it is that of
// several nodes, and whose certificate there is is not asked.
func (c Config) ValidateHere(ctx context.Context) error {
	errs := []error{c.scriptsHere(), c.dataDirHere(), c.secretsHere()}
	for _, a := range []struct{ flag, address string }{{"--http", c.HTTP}, {"--raft", c.Raft}, {"--gossip", c.Gossip}} {
		if err := listensHere(ctx, a.address); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", a.flag, err))
		}
	}
	for _, a := range c.Join {
		if err := hasAddress(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("--join: %w", err))
		}
	}
	for _, a := range c.GossipJoin {
		if err := hasAddress(ctx, a); err != nil {
			errs = append(errs, fmt.Errorf("--gossip-join: %w", err))
		}
	}
	if c.Advertise != "" {
		if _, err := lookUp(ctx, c.Advertise); err != nil {
			errs = append(errs, fmt.Errorf("--advertise: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (c Config) scriptsHere() error {
	scripts, err := c.OpenScripts()
	if err != nil {
		return err
	}
	return checkScripts(c, scripts)
}

// secretsHere reads what a start would read of secrets, in the same way.
func (c Config) secretsHere() error {
	var errs []error
	if c.Name != "" {
		_, err := openCredentials(c)
		errs = append(errs, err)
	}
	errs = append(errs, readTokens(c, &Outside{}))
	if c.GossipKeyFile != "" {
		if _, err := keyring.File(c.GossipKeyFile).Load(); err != nil {
			errs = append(errs, fmt.Errorf("--gossip-key-file: %w", err))
		}
	}
	return errors.Join(errs...)
}

// dataDirHere looks at the directory of the data, or, as it is made at the
// first start, at the one that it would be made in.
func (c Config) dataDirHere() error {
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return fmt.Errorf("--data-dir: %w", err)
	}
	for {
		info, err := os.Stat(dir)
		switch parent := filepath.Dir(dir); {
		case errors.Is(err, fs.ErrNotExist) && parent != dir:
			dir = parent
		case err != nil:
			return fmt.Errorf("--data-dir: %w", err)
		case !info.IsDir():
			return fmt.Errorf("--data-dir: %s is not a directory", dir)
		case unix.Access(dir, unix.W_OK|unix.X_OK) != nil:
			return fmt.Errorf("--data-dir: whoever runs this can't write in %s", dir)
		default:
			return nil
		}
	}
}

// listensHere reports whether address is one of this machine's.
func listensHere(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return err
	}
	wanted, err := lookUp(ctx, host)
	if err != nil {
		return err
	}
	ours, err := net.InterfaceAddrs()
	if err != nil {
		return nil // a machine that does not tell
	}
	for _, ip := range wanted {
		if ip.IsUnspecified() || ip.IsLoopback() {
			return nil
		}
		for _, a := range ours {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(ip) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s is no address of this machine", host)
}

func hasAddress(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	_, err = lookUp(ctx, host)
	return err
}

func lookUp(ctx context.Context, host string) ([]net.IP, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("the host %q can't be looked up: %w", host, err)
	}
	return ips, nil
}
