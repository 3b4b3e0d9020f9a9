package peer

import (
	"encoding/json"
	"errors"

	"tocsin/api"
)

const (
	// Paths is what all of them begin with.
	Paths         = "/v1/peer/"
	IntroducePath = "/v1/peer/introduce"
	RegisterPath  = "/v1/peer/register"
	ProposePath   = "/v1/peer/propose"
	IndexPath     = "/v1/peer/index"
)

// ClusterHeader says for which cluster an entry is. Nodes of older builds do
// not send it.
const ClusterHeader = "Tocsin-Cluster"

// question is what one node asks of another one.
type question struct {
	path    string
	cluster string // whose answer it is to be, "" if anybody's
	anyNode bool   // whoever is at the address may answer
	asked   any    // goes as JSON, unless there is an entry
	entry   []byte // that fsm.Encode packed
}

func (q question) body() (contentType string, body []byte, err error) {
	if q.entry != nil {
		return api.TypeBinary, q.entry, nil
	}
	body, err = json.Marshal(q.asked)
	return api.TypeJSON, body, err
}

var errNameless = errors.New("its answer names no node: is it another program?")
