package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/config"
	"tocsin/pki"
)

func (a app) tls() *cobra.Command {
	return family(&cobra.Command{
		Use:         "tls ca|cert|renew|show",
		Short:       "Make, renew and look at certificates",
		Annotations: map[string]string{help.Order: "6"},
		Long: `Makes a CA of one's own, and certificates of nodes and of operators. For a whole
cluster "tocsin init" does that; these are for whoever comes later.`,
		Example: `tocsin tls cert paris4 --host 10.1.0.4 --ca-dir cluster/ca --to paris4/tls
tocsin tls cert anna --role operate --ca-dir cluster/ca --to anna
tocsin tls renew cluster --ca-dir cluster/ca
tocsin tls show /etc/tocsin/tls`,
	}, a.tlsCA(), a.tlsCert(), a.tlsRenew(), a.tlsShow())
}

func (a app) tlsCA() *cobra.Command {
	var name string
	var days int
	c := &cobra.Command{
		Use:         "ca DIRECTORY",
		Short:       "Make a CA",
		Annotations: map[string]string{help.Order: "1"},
		Long: `Writes ca.crt and ca.key into DIRECTORY. Whoever has ca.key can make nodes and
operators of every cluster that believes ca.crt: keep it where certificates are
issued, away from the nodes. What is there is not replaced.`,
		Example: `tocsin tls ca cluster/ca`,
		Args:    exactly("DIRECTORY"),
	}
	c.Flags().StringVar(&name, "name", "Tocsin CA", "`name` of the CA, for people")
	daysFlag(c, &days, pki.AuthorityLife)
	help.Group(c, "Certificate", "name", "days")
	c.RunE = func(c *cobra.Command, args []string) error {
		life, err := lifeOf(c, days)
		if err != nil {
			return err
		}
		ca, err := pki.NewAuthority(name, time.Now(), life)
		if err != nil {
			return err
		}
		if err := pki.SaveAuthority(args[0], ca); err != nil {
			return err
		}
		return a.tell(fmt.Sprintf("made the CA %q in %s, until %s; keep its %s apart from the nodes", name, args[0], ca.Certificate.NotAfter.UTC().Format(time.DateOnly), pki.AuthorityKeyFile))
	}
	return c
}

func (a app) tlsCert() *cobra.Command {
	var hosts []string
	var dir, to string
	var days int
	role := string(pki.Node)
	c := &cobra.Command{
		Use:         "cert NAME --to DIRECTORY",
		Short:       "Issue a certificate to a node or an operator",
		Annotations: map[string]string{help.Order: "2"},
		Long: `Writes ca.crt, tls.crt and tls.key into DIRECTORY, for the node NAME or, with
another --role than node, for the operator NAME. A node is given the directory
by --tls; an operator the files by --ca, --cert and --cert-key.

Nodes know each other by name. --host is for those who only know an address:
browsers, curl, Prometheus.`,
		Example: `tocsin tls cert paris4 --host 10.1.0.4,paris4.example.com --to paris4/tls
tocsin tls cert anna --role operate --days 90 --to anna`,
		Args: exactly("NAME"),
	}
	c.Flags().Var(config.OneOf(&role, roleWords()...), "role", "`role`: node, or read, operate or admin of an operator")
	c.Flags().Var(config.List(&hosts), "host", "names and addresses of the node's machine, with commas")
	c.Flags().StringVar(&to, "to", "", "`directory` to write to (needed)")
	caDirFlag(c, &dir)
	daysFlag(c, &days, pki.CertificateLife)
	help.Group(c, "Certificate", "role", "host", "days", "to", "ca-dir")
	c.RunE = func(c *cobra.Command, args []string) error {
		life, err := lifeOf(c, days)
		if err != nil {
			return err
		}
		if to == "" {
			return misuse(c, "--to is missing: name the directory to write to")
		}
		ca, err := pki.OpenAuthority(dir)
		if err != nil {
			return err
		}
		subject := pki.Subject{Role: pki.Role(role), Name: args[0]}
		cert, err := pki.Equip(to, ca, pki.Request{Subject: subject, Hosts: hosts, Life: life}, time.Now())
		if err != nil {
			return err
		}
		return a.tell(fmt.Sprintf("issued a certificate to %s in %s, until %s", subject, to, cert.NotAfter.UTC().Format(time.DateOnly)))
	}
	return c
}

func roleWords() []string {
	var words []string
	for _, r := range pki.Roles() {
		words = append(words, string(r))
	}
	return words
}

func caDirFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "ca-dir", "ca", "`directory` with ca.crt and ca.key")
}

func daysFlag(c *cobra.Command, days *int, otherwise time.Duration) {
	*days = int(otherwise / pki.Day)
	c.Flags().Var(config.Number(days), "days", "how long it lasts, in days")
}

// maxDays is a hundred years.
const maxDays = 36500

func lifeOf(c *cobra.Command, days int) (time.Duration, error) {
	if days < 1 || days > maxDays {
		return 0, misuse(c, "--days: %d is not a number from 1 to %d", days, maxDays)
	}
	return time.Duration(days) * pki.Day, nil
}
