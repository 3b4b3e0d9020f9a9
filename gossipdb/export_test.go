package gossipdb

// What goes over the wire is nobody else's business; the tests look at it.
var (
	AppendEnvelope = appendEnvelope
	DecodeEnvelope = decodeEnvelope
	AppendState    = appendState
	DecodeState    = decodeState
	ParseLine      = parseLine
)

// Merge takes the state of a push/pull, as memberlist hands it over.
func (g *Gossip) Merge(state []byte) { delegate{g}.MergeRemoteState(state, false) }

// MaxNodes is of how many other nodes ballots are held.
const MaxNodes = maxNodes
