package server

import (
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tocsin/api"
)

// profilesPath is where Go's own tools look for profiles.
const profilesPath = "/debug/pprof/"

// profileTime bounds how long a profile may be taken.
const profileTime = 2 * time.Minute

// mayProfile refuses whoever may not look into this process. It is the one place
// that says who may.
func (s *server) mayProfile(r *http.Request) error {
	if s.Profiling == nil || !s.Profiling() {
		return api.NotFound("profiles are switched off here: put \"pprof: true\" into the node's configuration file and reload it, or start it with --pprof")
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	// A proxy on this machine speaks for somebody else.
	proxied := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" || r.Header.Get("Via") != ""
	if err != nil || ip == nil || !ip.IsLoopback() || proxied {
		return api.Faultf(api.CodeLocalOnly, "profiles are shown on the machine of the node alone, by way of 127.0.0.1: ask there, or through a tunnel such as ssh -L")
	}
	return nil
}

// profiles shows what net/http/pprof does, but for the command line, which may
// hold secrets.
func (s *server) profiles(c *gin.Context, _ url.Values) error {
	if err := s.mayProfile(c.Request); err != nil {
		return err
	}
	allowTime(c, profileTime)
	switch name := strings.TrimPrefix(c.Param("name"), "/"); name {
	case "":
		pprof.Index(c.Writer, c.Request)
	case "profile":
		pprof.Profile(c.Writer, c.Request)
	case "trace":
		pprof.Trace(c.Writer, c.Request)
	case "symbol":
		pprof.Symbol(c.Writer, c.Request)
	case "cmdline":
		return api.NotFound("the command line may hold secrets: see /v1/config")
	default:
		pprof.Handler(name).ServeHTTP(c.Writer, c.Request)
	}
	return nil
}
