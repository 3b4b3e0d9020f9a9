package gossipdb

// What goes over the wire is nobody else's business; the tests look at it.
var (
	AppendEnvelope = appendEnvelope
	DecodeEnvelope = decodeEnvelope
	AppendState    = appendState
	DecodeState    = decodeState
	ParseLine      = parseLine
)

// MaxNodes is of how many other nodes ballots are held.
const MaxNodes = maxNodes
