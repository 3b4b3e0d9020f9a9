package connlimit

import "slices"

// room has so many places, and shares them out: whoever counts as what fewer inside
// do than as something else gets a place, that of the one that has been there longest
// of the largest crowd; no better guess is at hand at who only sits there. So nobody
// is kept out by others, unless they come from as many sources as there are places:
// then the places go round. Whoever has as many as any gets no more.
type room struct {
	limits Limits
	all    int
	inside map[string][]*Place // by what they count as, in the order in which they came; holds no empty ones
}

// placeFor reports whether one more that counts as that can come in, and who has to
// make room for it, nil if nobody has to. It changes nothing.
func (r *room) placeFor(as string) (first *Place, ok bool) {
	mine := len(r.inside[as])
	if mine >= r.limits.FromOne {
		return nil, false
	}
	if r.all < r.limits.All {
		return nil, true
	}
	first = r.crowded(mine)
	return first, first != nil
}

// crowded returns the first of the largest crowd, nil if none has more than that.
func (r *room) crowded(most int) (first *Place) {
	for _, crowd := range r.inside {
		if n := len(crowd); n > most || first != nil && n == most && crowd[0].since < first.since {
			first, most = crowd[0], n
		}
	}
	return first
}

// enter takes in p, whether there is room or not.
func (r *room) enter(p *Place) {
	r.all++
	r.inside[p.as] = append(r.inside[p.as], p)
	p.in = r
}

// leave lets p out, who is inside.
func (r *room) leave(p *Place) {
	r.all--
	p.in = nil
	crowd := r.inside[p.as]
	if len(crowd) == 1 {
		delete(r.inside, p.as)
		return
	}
	at := slices.Index(crowd, p)
	r.inside[p.as] = slices.Delete(crowd, at, at+1)
}
