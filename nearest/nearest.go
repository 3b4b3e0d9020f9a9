// Package nearest finds what somebody meant who has misspelt a name: of a
// setting, a variable, a field, a parameter. It is pure functions, which anybody
// may call at any time.
package nearest

// longest is how many letters a name may have that is compared: longer ones are
// no names of ours, and the comparison costs the product of two lengths.
const longest = 64

// To returns the one of names that word was most likely meant to be, "" if none
// is near: one slip of a finger is, and one more for every three letters. Of two
// that are as near it is the first.
func To(word string, names []string) string {
	letters := len([]rune(word))
	if letters > longest {
		return ""
	}
	best, least := "", max(1, letters/3)+1
	for _, name := range names {
		if d := distance(word, name); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is how many slips of a finger lie between a and b: a letter too
// many, one missing, another one, or two that changed places.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	// Rows of the usual table: two before, one before, and this one.
	older, old, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range from {
		older, old, row = old, row, older
		row[0] = i + 1
		for j := range to {
			change := old[j]
			if from[i] != to[j] {
				change++
			}
			row[j+1] = min(change, old[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
	}
	return row[len(to)]
}
