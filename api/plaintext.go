package api

// PlainTextAnswer is what somebody hears who speaks plain HTTP to a port where
// TLS is spoken.
const PlainTextAnswer = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" + PlainTextHint + "\n"

// PlainTextHint is what it says: commands know it by this.
const PlainTextHint = "This node speaks TLS: ask by https://."
