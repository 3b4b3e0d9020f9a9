package node

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tocsin/access"
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
		problems, warnings := judge(n.out.Credentials.Standing(), time.Now())
		text := strings.Join(append(problems, warnings...), "; ")
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

// judge says what keeps a node with these credentials from doing its duty, and
// what will one day.
func judge(s credentials.Standing, now time.Time) (problems, warnings []string) {
	for _, j := range s.Judge(now) {
		if j.Grave {
			problems = append(problems, j.String())
		} else {
			warnings = append(warnings, j.String())
		}
	}
	return problems, warnings
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
