// Package help makes the pages of commands: what --help shows, and the same for
// man(1). Flags stand under headings (Group), commands in the order in which one
// needs them (Order).
package help
