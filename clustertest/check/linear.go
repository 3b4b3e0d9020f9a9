package check

import (
	"cmp"
	"time"

	"github.com/anishathalye/porcupine"

	"tocsin/fsm"
)

// judging bounds how long is looked for an order of the writes of one key. No
// answer in that time is no violation.
const judging = 5 * time.Second

// Linearizable checks that the writes of each endpoint can be put in one order
// that fits what each answer says and when it came. A write without an answer
// may have been done at any time after it was asked for, or never.
func Linearizable(h *History) []Violation {
	f := found{invariant: 11}
	byKey := map[string][]porcupine.Operation{}
	for _, w := range h.Writes {
		if op, key, ok := operation(w, h.Final.At); ok {
			byKey[key] = append(byKey[key], op)
		}
	}
	for key, ops := range byKey {
		if porcupine.CheckOperationsTimeout(register(), ops, judging) == porcupine.Illegal {
			f.add(key, "", h.Final.At, "the %d writes of %s fit no order", len(ops), key)
		}
	}
	return f.all
}

// writeInput and writeOutput are one write and its answer, as the model sees
// them.
type writeInput struct {
	value   string
	label   string // "" leaves it as it is
	parents string // likewise
	remove  bool
}

type writeOutput struct{ unknown, changed, missing bool }

func operation(w Write, end time.Duration) (op porcupine.Operation, key string, ok bool) {
	if w.Err != "" && !w.Uncertain || w.Refused != "" && w.Index == 0 {
		return op, "", false // nothing was done, and no state was looked at
	}
	op = porcupine.Operation{
		ClientId: w.Client, Call: int64(w.From), Return: int64(w.To),
		Output: writeOutput{unknown: w.Uncertain, changed: w.Changed, missing: w.Refused != ""},
	}
	if w.Uncertain {
		op.Return = int64(end) + 1
	}
	switch c := w.Command.(type) {
	case fsm.SetEndpoint:
		if c.Overrides != nil || w.Refused != "" {
			return op, "", false
		}
		in := writeInput{value: c.Value}
		if c.Labels != nil {
			in.label = asJSON(*c.Labels)
		}
		if c.Parents != nil {
			in.parents = asJSON(*c.Parents)
		}
		op.Input = in
		return op, c.Key, true
	case fsm.DeleteEndpoint:
		op.Input = writeInput{remove: true}
		return op, c.Key, true
	}
	return op, "", false
}

// endpoint is the state of the model.
type endpoint struct {
	there                 bool
	value, label, parents string
}

// register is one endpoint.
func register() porcupine.Model { return endpointModel.ToModel() }

var endpointModel = &porcupine.NondeterministicModel{
	Init: func() []any { return []any{endpoint{}} },
	Step: func(state, input, output any) []any {
		in, out, now := input.(writeInput), output.(writeOutput), state.(endpoint)
		next := endpoint{
			there: true, value: in.value, label: cmp.Or(in.label, now.label), parents: cmp.Or(in.parents, now.parents, asJSON([]string{})),
		}
		if in.remove {
			next = endpoint{}
		}
		switch changes := now != next; {
		case out.unknown:
			return []any{state, next}
		case in.remove && out.missing != !changes, !in.remove && out.changed != changes:
			return nil
		}
		return []any{next}
	},
	Equal: func(a, b any) bool { return a == b },
}
