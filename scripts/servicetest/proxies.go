package servicetest

import (
	"path/filepath"
	"testing"
)

// HAProxy is an HAProxy with a socket for commands.
type HAProxy struct {
	*Service
	Socket string // its stats socket
	dir    string
	path   string
	config string
}

// StartHAProxy starts an HAProxy in a folder, with a configuration of its own
// after a section "global" that names the socket and the state file in it.
func StartHAProxy(t testing.TB, dir, config string) *HAProxy {
	t.Helper()
	h := &HAProxy{Socket: filepath.Join(dir, "socket"), dir: dir, path: Need(t, "haproxy", "haproxy")}
	h.config = Write(t, filepath.Join(dir, "haproxy.cfg"), `global
	stats socket `+h.Socket+` level admin
	server-state-file `+filepath.Join(dir, "state")+`
defaults
	mode tcp
	retries 0
	timeout connect 1s
	timeout client 1m
	timeout server 1m
	load-server-state-from-file global
`+config)
	h.Restart(t)
	return h
}

// StartHAProxyMaster starts a master of HAProxy and its workers, from these files
// and folders of them, which have it listen on address. It takes commands, such
// as reload, at socket, but for a moment after the reload before.
func StartHAProxyMaster(t testing.TB, dir, address, socket string, files ...string) *Service {
	t.Helper()
	args := []string{"-W", "-db", "-S", socket}
	for _, f := range files {
		args = append(args, "-f", f)
	}
	s := Start(t, Command{Path: Need(t, "haproxy", "haproxy"), Dir: dir, Args: args})
	s.Await(t, accepts(address))
	return s
}

// Restart starts it again, as a reload does: from its files.
func (h *HAProxy) Restart(t testing.TB) {
	t.Helper()
	if h.Service != nil {
		h.Kill()
	}
	h.Service = Start(t, Command{Path: h.path, Dir: h.dir, Args: []string{"-db", "-f", h.config}})
	h.Await(t, answersOn(h.Socket))
}

// Nginx is an nginx that is called with Command, and a configuration in Config.
type Nginx struct {
	*Service
	Command string
	Config  string
}

// StartNginx starts an nginx in a folder, with these lines in the section http.
func StartNginx(t testing.TB, dir, address, config string) *Nginx {
	t.Helper()
	path := Need(t, "nginx", "nginx-light")
	n := &Nginx{Config: filepath.Join(dir, "nginx.conf")}
	n.Command = path + " -p " + dir + " -c " + n.Config + " -e " + filepath.Join(dir, "error.log")
	Write(t, n.Config, `daemon off;
pid `+filepath.Join(dir, "pid")+`;
error_log `+filepath.Join(dir, "error.log")+`;
events {}
http {
	access_log off;
	client_body_temp_path `+dir+`; proxy_temp_path `+dir+`; fastcgi_temp_path `+dir+`; uwsgi_temp_path `+dir+`; scgi_temp_path `+dir+`;
`+config+`
}
`)
	n.Service = Start(t, Command{Path: path, Dir: dir, Args: []string{"-p", dir, "-c", n.Config, "-e", filepath.Join(dir, "error.log")}})
	n.Await(t, accepts(address))
	return n
}
