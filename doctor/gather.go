package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"tocsin/api"
	"tocsin/credentials"
)

const (
	// answerWait is how long a node may take for one answer.
	answerWait = 3 * time.Second
	// askedAtOnce bounds how many nodes are asked at once.
	askedAtOnce = 16
)

// Asker asks a node: it reads the answer to GET path at address into into. An
// error says in few words why there is none, and can be asked for what is behind
// it: syscall.ECONNREFUSED, and ErrHangs or ErrDeclined.
type Asker interface {
	Ask(ctx context.Context, address, path string, into any) error
}

var (
	// ErrHangs is behind the error of an Asker if a connection was made, and no
	// answer came by it in time.
	ErrHangs = errors.New("the connection was made, and no answer came")
	// ErrDeclined is behind it if there was an answer, and it was not what was
	// asked for.
	ErrDeclined = errors.New("it answers, and not with that")
)

// silenceOf says what kind of silence that error of an Asker is.
func silenceOf(err error) Silence {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return NotRunning
	case errors.Is(err, ErrHangs):
		return Hanging
	case errors.Is(err, ErrDeclined):
		return Declined
	}
	return Unreached
}

// refusal says what is wrong with the dates of the certificate that was shown to an
// Asker, nil if nothing is: then nobody talks to its node, whatever port is open.
func refusal(err error, now time.Time) *api.Concern {
	j, outdated := credentials.Outdated(err, now)
	if !outdated {
		return nil
	}
	return &api.Concern{Subject: api.ConcernCertificates, Grave: j.Grave, Text: j.Text, Remedy: j.Remedy}
}

// Gather asks the first of the addresses that knows the cluster about it, and then
// every observer about itself and the others. Where none knows it, each address is
// asked about itself (see Facts.Untold). It fails only if none of the addresses
// answers at all; what else is not answered is among the Facts, then too.
func Gather(ctx context.Context, ask Asker, addresses []string) (f Facts, asked string, err error) {
	var whom []respondent
	if f.Status, asked, err = first(ctx, ask, addresses); err != nil {
		f = Facts{Untold: err.Error()}
		for _, address := range addresses {
			whom = append(whom, respondent{address: address})
		}
	}
	for _, o := range f.Status.Cluster.Observers {
		address := o.HTTP
		if o.Node == f.Status.Cluster.Node {
			address = asked // which is known to lead there, from here
		}
		whom = append(whom, respondent{o.Node, address})
	}
	f.Answers = questionAll(ctx, ask, whom)
	if len(f.heardFrom()) > 0 {
		err = nil
	}
	return f, asked, err
}

// respondent is whom a question is for: "" is whoever answers there.
type respondent struct{ node, address string }

// questionAll asks all of them at once, and returns their answers in the order of
// their names. One that answers at several addresses is there once.
func questionAll(ctx context.Context, ask Asker, whom []respondent) []Answer {
	answers := make([]Answer, len(whom))
	places := make(chan struct{}, askedAtOnce) // never closed; one for each that may be asked at once
	var asking sync.WaitGroup
	for i, one := range whom {
		asking.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			answers[i] = question(ctx, ask, one.node, one.address)
		})
	}
	asking.Wait()
	slices.SortStableFunc(answers, func(a, b Answer) int { return cmp.Compare(a.Node, b.Node) })
	return slices.CompactFunc(answers, func(a, b Answer) bool { return a.Silent == "" && b.Silent == "" && a.Node == b.Node })
}

// first returns how the first node that knows the cluster sees it, and where that
// is.
func first(ctx context.Context, ask Asker, addresses []string) (status api.Status, asked string, err error) {
	var why []error
	for _, address := range addresses {
		asking, cancel := context.WithTimeout(ctx, answerWait)
		err = ask.Ask(asking, address, "/v1/status?limit=1", &status)
		cancel()
		if err == nil && status.Cluster.ID != "" {
			return status, address, nil
		}
		if err == nil {
			err = fmt.Errorf("node %s belongs to no cluster yet: it waits for one that is started with --bootstrap, or for its --join addresses to answer", status.Cluster.Node)
		}
		why = append(why, fmt.Errorf("%s: %w", address, err))
	}
	return api.Status{}, "", nobody(why)
}

// nobody are the reasons why none of the addresses gave an answer, in one line.
type nobody []error

func (n nobody) Error() string {
	var all []string
	for _, err := range n {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

// Unwrap lets each reason be asked for.
func (n nobody) Unwrap() []error { return n }

// question asks one node about itself, and whom it hears. Of whoever answers there
// it is asked if node is "".
func question(ctx context.Context, ask Asker, node, address string) Answer {
	a := Answer{Node: node, Address: address}
	ctx, cancel := context.WithTimeout(ctx, 2*answerWait)
	defer cancel()
	sent := time.Now()
	if err := ask.Ask(ctx, address, "/v1/node", &a.Report); err != nil {
		return Answer{Node: node, Address: address, Silent: err.Error(), Silence: silenceOf(err), Refused: refusal(err, time.Now())}
	}
	received := time.Now()
	if a.Node = a.Report.Node; node != "" && a.Node != node {
		return Answer{Node: node, Address: address, Silent: fmt.Sprintf("%q answers there", a.Report.Node), Silence: Declined}
	}
	a.Within = received.Sub(sent) / 2
	a.Skew = a.Report.Time.Sub(sent.Add(a.Within).Round(0)) // without the monotonic reading
	var members api.Members
	if ask.Ask(ctx, address, "/v1/members", &members) == nil {
		a.Members = &members
	}
	return a
}
