package config

// nearest returns the one of names that word was most likely meant to be, ""
// if none is near. Of two that are as near it is the first.
func nearest(word string, names []string) string {
	word = snake(word)
	best, least := "", max(1, len([]rune(word))/3)+1
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
