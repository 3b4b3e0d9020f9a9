package client

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"tocsin/config"
	"tocsin/credentials"
	"tocsin/pki"
)

// clientFile is what a client file says. Names of files are relative to it.
type clientFile struct {
	Address   []string `json:"address"`
	CA        string   `json:"ca"`
	Cert      string   `json:"cert"`
	CertKey   string   `json:"cert_key"`
	TokenFile string   `json:"token_file"`
}

// connection is how to reach the nodes.
type connection struct {
	addresses []string
	files     pki.Files
	tokenFile string
}

// connection puts the client file below what was told.
func (o Options) connection() (connection, error) {
	file, err := readClientFile(o.File)
	if err != nil {
		return connection{}, err
	}
	con := connection{addresses: o.Addresses, files: pki.Files{CA: cmp.Or(o.CA, file.CA), Cert: file.Cert, Key: file.CertKey}, tokenFile: cmp.Or(o.TokenFile, file.TokenFile)}
	if len(o.Addresses) == 0 {
		con.addresses = file.Address
	}
	if o.Cert != "" || o.CertKey != "" {
		con.files.Cert, con.files.Key = o.Cert, o.CertKey
	}
	if (con.files.Cert == "") != (con.files.Key == "") {
		return connection{}, errors.New("--cert and --cert-key belong together: give both")
	}
	return con, nil
}

// readClientFile reads the client file of that name, or, if there is no name, the
// one in the usual place, if there is one.
func readClientFile(name string) (clientFile, error) {
	usual := name == ""
	if usual {
		home, err := os.UserHomeDir()
		if err != nil {
			return clientFile{}, nil // then nothing can be there
		}
		name = filepath.Join(home, ".config", "tocsin", "client.yaml")
	}
	text, err := os.ReadFile(name)
	switch {
	case usual && errors.Is(err, fs.ErrNotExist):
		return clientFile{}, nil
	case err != nil:
		return clientFile{}, fmt.Errorf("--client: %w", err)
	}
	var f clientFile
	if err := config.Decode(name, text, &f); err != nil {
		return clientFile{}, err
	}
	for _, path := range []*string{&f.CA, &f.Cert, &f.CertKey, &f.TokenFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(filepath.Dir(name), *path)
		}
	}
	return f, nil
}

// secure reports whether an address without a scheme is spoken to by TLS.
func (con connection) secure() bool { return con.files.CA != "" || con.files.Cert != "" }

// urls returns the addresses as host:port, or with https:// before it where TLS is
// spoken. Errors say which one can't be right.
func (con connection) urls() ([]string, error) {
	addresses := con.addresses
	if len(addresses) == 0 {
		addresses = []string{DefaultAddress}
	}
	all := make([]string, len(addresses))
	for i, address := range addresses {
		address, secure := strings.TrimSuffix(address, "/"), con.secure()
		if plain, ok := strings.CutPrefix(address, "http://"); ok {
			address, secure = plain, false
		} else if by, ok := strings.CutPrefix(address, secureScheme); ok {
			address, secure = by, true
		}
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" || strings.ContainsAny(address, "/?#@ ") {
			return nil, fmt.Errorf("address %q is not like %s", address, DefaultAddress)
		}
		if secure {
			address = secureScheme + address
		}
		all[i] = address
	}
	return all, nil
}

const secureScheme = "https://"

// urlOf returns the URL of an address.
func urlOf(address string) string {
	if strings.HasPrefix(address, secureScheme) {
		return address
	}
	return "http://" + address
}

// transport returns what carries requests.
func (con connection) transport() (*http.Transport, error) {
	config, err := credentials.Client(con.files)
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, DisableKeepAlives: true, TLSClientConfig: config,
	}, nil
}
