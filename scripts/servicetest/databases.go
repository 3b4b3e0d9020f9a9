package servicetest

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Postgres is a PostgreSQL server whose superuser is postgres, without a password.
type Postgres struct {
	*Service
	Address string
	dir     string
	owner   *syscall.Credential
}

// StartPostgres starts an empty PostgreSQL, with further settings such as
// "max_connections=5".
func StartPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	p := newPostgres(t)
	Run(t, Command{Path: binary(t, "initdb"), Owner: p.owner, Dir: p.dir, Args: []string{
		"-D", p.data(), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8", "--no-locale",
	}})
	p.start(t, settings)
	return p
}

// StartStandby starts a standby of p, which streams from it.
func (p *Postgres) StartStandby(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	s := newPostgres(t)
	Run(t, Command{Path: binary(t, "pg_basebackup"), Owner: s.owner, Dir: s.dir, Args: []string{
		"-D", s.data(), "-R", "-c", "fast", "--no-sync", "-d", p.URI("postgres"),
	}})
	s.start(t, settings)
	return s
}

func newPostgres(t testing.TB) *Postgres {
	t.Helper()
	Need(t, "psql", "postgresql-client")
	p := &Postgres{Address: FreeAddress(t), dir: Dir(t)}
	p.owner = commoner(t, p.dir)
	return p
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) start(t testing.TB, settings []string) {
	t.Helper()
	args := []string{"-D", p.data(), "-k", "", "-h", "127.0.0.1", "-p", Port(p.Address), "-F"}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.Service = Start(t, Command{Path: binary(t, "postgres"), Owner: p.owner, Dir: p.dir, Args: args})
	psql := Need(t, "psql", "postgresql-client")
	p.Await(t, func(context.Context) error {
		_, err := try(t, Command{Path: psql, Dir: p.dir, Args: []string{"-X", "-c", "SELECT 1", p.URI("postgres")}})
		return err
	})
}

// URI is what names the database postgres there, for a user.
func (p *Postgres) URI(user string) string {
	return "postgresql://" + user + "@" + p.Address + "/postgres"
}

// Do runs a query as the superuser, and returns what it finds.
func (p *Postgres) Do(t testing.TB, query string) string {
	t.Helper()
	return Run(t, Command{Path: Need(t, "psql", "postgresql-client"), Dir: p.dir, Args: []string{
		"-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", query, p.URI("postgres"),
	}})
}

func binary(t testing.TB, name string) string {
	t.Helper()
	return Need(t, "/usr/lib/postgresql/*/bin/"+name, "postgresql")
}

// MariaDB is a MariaDB server with the users root and watch, without passwords.
type MariaDB struct {
	*Service
	Address string
	dir     string
}

// StartMariaDB starts an empty MariaDB, with further options such as "--read-only".
func StartMariaDB(t testing.TB, options ...string) *MariaDB {
	t.Helper()
	path := Need(t, "mariadbd", "mariadb-server-core")
	m := &MariaDB{Address: FreeAddress(t), dir: Dir(t)}
	owner := commoner(t, m.dir)
	Run(t, Command{
		Path: Need(t, "mariadb-install-db", "mariadb-server-core"), Owner: owner, Dir: m.dir,
		Args: append([]string{"--auth-root-authentication-method=normal", "--skip-test-db"}, m.files()...),
	})
	users := Write(t, filepath.Join(m.dir, "users.sql"), `SET sql_log_bin = 0;
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
CREATE OR REPLACE USER watch@'%';
GRANT SLAVE MONITOR ON *.* TO watch@'%';
CREATE OR REPLACE USER root@'127.0.0.1';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
`)
	m.Service = Start(t, Command{Path: path, Owner: owner, Dir: m.dir, Args: append(append(m.files(),
		"--bind-address=127.0.0.1", "--port="+Port(m.Address), "--socket="+filepath.Join(m.dir, "socket"),
		"--pid-file="+filepath.Join(m.dir, "pid"), "--init-file="+users, "--innodb-buffer-pool-size=16M",
	), options...)})
	m.Await(t, accepts(m.Address))
	return m
}

// files are the options that say where its files are; nothing of the machine's
// own configuration counts.
func (m *MariaDB) files() []string {
	return []string{"--no-defaults", "--datadir=" + filepath.Join(m.dir, "data"), "--innodb-log-file-size=8M"}
}

// Do runs a statement as root, and returns what it finds.
func (m *MariaDB) Do(t testing.TB, statement string) string {
	t.Helper()
	return Run(t, Command{Path: Need(t, "mariadb", "mariadb-client"), Dir: m.dir, Args: []string{
		"--no-defaults", "--host=127.0.0.1", "--port=" + Port(m.Address), "--user=root", "--batch", "--skip-column-names", "-e", statement,
	}})
}

// StartEtcd starts a cluster of n etcd.
func StartEtcd(t testing.TB, n int) (members []*Service, clients []string) {
	t.Helper()
	path := Need(t, "etcd", "etcd-server")
	var peers, names []string
	for i := range n {
		peers = append(peers, "http://"+FreeAddress(t))
		clients = append(clients, "http://"+FreeAddress(t))
		names = append(names, string(rune('a'+i))+"="+peers[i])
	}
	for i := range n {
		members = append(members, Start(t, Command{Path: path, Dir: Dir(t), Args: []string{
			"--name", string(rune('a' + i)), "--data-dir", "data", "--initial-cluster", strings.Join(names, ","),
			"--initial-advertise-peer-urls", peers[i], "--listen-peer-urls", peers[i],
			"--advertise-client-urls", clients[i], "--listen-client-urls", clients[i], "--unsafe-no-fsync",
		}, Env: []string{"ETCD_UNSUPPORTED_ARCH=" + os.Getenv("ETCD_UNSUPPORTED_ARCH")}}))
	}
	for i, m := range members {
		m.Await(t, accepts(strings.TrimPrefix(clients[i], "http://")))
	}
	return members, clients
}

// StartDNS starts a name server that knows these names, each NAME=ADDRESS.
func StartDNS(t testing.TB, names ...string) (*Service, string) {
	t.Helper()
	path := Need(t, "dnsmasq", "dnsmasq-base")
	address := FreeAddress(t)
	args := []string{
		"--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
		"--listen-address=127.0.0.1", "--port=" + Port(address), "--local=/test/", "--pid-file=",
	}
	for _, n := range names {
		name, is, _ := strings.Cut(n, "=")
		if net.ParseIP(is) == nil {
			t.Fatalf("%s is no NAME=ADDRESS", n)
		}
		args = append(args, "--host-record="+name+","+is)
	}
	s := Start(t, Command{Path: path, Dir: Dir(t), Args: args})
	s.Await(t, accepts(address))
	return s, address
}
