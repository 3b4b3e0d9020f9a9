// Package screen is how a person sees what a command has to tell: tables and
// paragraphs that fit the terminal, colours where they are welcome, ages in the
// two units that matter, and a page that is drawn again as it changes. Programs
// get the same as JSON or YAML (Render).
//
// A Screen gathers what is to be seen, and is written at once. What comes from
// other people (keys, values, reasons) goes through Clean first, so that it moves
// no cursor.
package screen
