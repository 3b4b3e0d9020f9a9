// Package config reads what a program is told: by flags, by the environment, by
// a file, and by nobody, in which case it is the default.
//
// It does not know what there is to be told. A [Table] says that, once, for all
// the places where it can be told and explained: the flag --data-dir, the
// variable TOCSIN_DATA_DIR and the line "data_dir:" of the file follow from one
// [Option], and so do the commented file that [Table.Sample] writes and the page
// that [Table.Reference] writes. Whoever adds an Option has added all of them.
//
// [Resolve] puts one place over the other and remembers where each value came
// from, so that a fault, whoever finds it, is told with the line that it is in.
//
// A file is held to its word: an unknown name, a name given twice, a value of
// the wrong kind are faults, each with its line and column, and all of them are
// told at once. Values are taken as they are written: "site: no" is the site
// "no". Anchors, tags and further documents are refused.
//
// What commands read and write beside that, in YAML, is held to the same word:
// [Decode] reads a document into a struct, and [YAML] writes what came as JSON.
//
// Nothing here keeps a state or starts anything; all of it may be used by many
// goroutines, each with a Table of its own.
package config
