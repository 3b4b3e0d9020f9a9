// Package render keeps a file as a template says, and has a service read it.
//
// [Text] makes the text, from a template and data. [Do] brings it into a file:
//
//	lock ─▶ fence ─▶ the same? ─▶ check ─▶ keep the old ─▶ replace ─▶ reload ─▶ done
//	          │         │           │                                   │ fails
//	          ▼ older   ▼ nothing   ▼ refused, nothing is touched       ▼
//	       refused     to do                                     the old one is back,
//	                                                             and reloaded
//
// A check of the file alone, {}, is made where the picture shows it. One of all
// that the service reads can be made only between replace and reload; when it
// refuses, the old one is back, and there is nothing to reload.
//
// What is to be done is decided by a pure function, decide; file.go and steps.go do
// it.
//
// # What always holds
//
//   - Whoever reads the file sees the old text or the new one, whole. It keeps
//     its owner, group and mode. A link to it is followed, and stays a link.
//   - Nothing is done about an event that is older than one that the file was
//     written for, an empty text is never written, and two runs for one file are
//     never in it together.
//   - When reload fails the file is again the very one that it was before.
//   - A run that was cut short anywhere is made good by the next: what was
//     replaced and not reloaded is reloaded then, though nothing has changed, and
//     if that fails, the last text that was reloaded well comes back.
//   - Commands run without a shell, with a deadline, in a process group of their
//     own; see package script.
//
// What has to be remembered lies beside the file, in names that begin with a dot:
// .FILE.tocsin (the event and what is pending) and .FILE.tocsin-old (the last good
// one, while a reload is pending). As long as a run lasts there are .FILE.tocsin-lock,
// too, and .FILE.tocsin-new- with a number behind it; where it was cut short the
// next one removes them. A dry run leaves nothing behind, and removes nothing that
// it has not made. No file of another name is ever touched.
//
// Errors that another attempt can't mend are a [GiveUp].
package render
