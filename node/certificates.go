package node

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/access"
	"tocsin/api"
	"tocsin/credentials"
	"tocsin/metrics"
	"tocsin/pki"
)

const certificateCheck = 10 * time.Second

// watchCertificates has the files looked at though nobody connects, and tells the
// log what there is to be said about them, once for each thing.
func (n *Node) watchCertificates(ctx context.Context) error {
	if n.out.Credentials == nil {
		return nil
	}
	tick := time.NewTicker(certificateCheck)
	defer tick.Stop()
	told := ""
	for {
		n.out.Credentials.Look()
		var all []string
		for _, c := range judge(n.out.Credentials.Standing(), time.Now()) {
			all = append(all, c.String())
		}
		text := strings.Join(all, "; ")
		if text != told && text != "" {
			n.log.Warn("a certificate needs attention", "text", text)
		}
		told = text
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// concerns are what this node alone can tell of: its certificates and its audit log.
func (n *Node) concerns(now time.Time) []api.Concern {
	var all []api.Concern
	if n.out.Credentials != nil {
		all = judge(n.out.Credentials.Standing(), now)
	}
	return append(all, n.trail.concerns()...)
}

// judge says what there is to be said about credentials, the grave first.
func judge(s credentials.Standing, now time.Time) []api.Concern {
	var all []api.Concern
	for _, j := range s.Judge(now) {
		all = append(all, api.Concern{Subject: api.ConcernCertificates, Grave: j.Grave, Text: j.Text, Remedy: j.Remedy})
	}
	slices.SortStableFunc(all, func(a, b api.Concern) int {
		switch {
		case a.Grave == b.Grave:
			return 0
		case a.Grave:
			return -1
		}
		return 1
	})
	return all
}

// expiry returns when the certificates of this node end, nil if it has none.
func (n *Node) expiry() *metrics.Expiry {
	if n.out.Credentials == nil {
		return nil
	}
	s := n.out.Credentials.Standing()
	e := &metrics.Expiry{Own: s.Own.NotAfter, CA: s.Roots[0].NotAfter}
	for _, root := range s.Roots {
		if root.NotAfter.Before(e.CA) {
			e.CA = root.NotAfter
		}
	}
	return e
}

// identified tells next what a request that came by TLS has proven by its
// certificate.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 {
			if s, err := pki.SubjectOf(r.TLS.VerifiedChains[0][0]); err == nil {
				r = r.WithContext(access.With(r.Context(), access.Identity{Name: s.Name, Role: access.Role(s.Role), Proof: access.ByCertificate}))
			}
		}
		next.ServeHTTP(w, r)
	})
}
