package app

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Reactions are the kinds of reaction, in the order that counts are shown in.
var Reactions = []string{"like", "love", "laugh", "wow", "sad", "angry"}

// CheckReaction says why kind is no reaction, or nil.
func CheckReaction(kind string) error {
	if !slices.Contains(Reactions, kind) {
		return Invalid("kind", "is %q: use one of %q", kind, Reactions)
	}
	return nil
}

// Counts are a story's figures. Reactions follows the order of Reactions.
type Counts struct {
	Reactions [6]int64
	Comments  int64
}

// AppendJSON appends the counts as JSON members, beginning with a comma.
func (c *Counts) AppendJSON(b []byte) []byte {
	b = append(b, `,"reactions":{`...)
	first := true
	for i, n := range c.Reactions {
		if n <= 0 {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(b, '"')
		b = append(b, Reactions[i]...)
		b = append(b, '"', ':')
		b = strconv.AppendInt(b, n, 10)
	}
	b = append(b, `},"comments":`...)
	return strconv.AppendInt(b, max(c.Comments, 0), 10)
}

// AppendMine appends the reader's own reaction and the closing brace.
func AppendMine(b []byte, mine string) []byte {
	if mine != "" {
		b = append(b, `,"my_reaction":"`...)
		b = append(b, mine...)
		b = append(b, '"')
	}
	return append(b, '}')
}

// Comment is one comment under a story.
type Comment struct {
	ID     ID     `json:"id"`
	Author User   `json:"author"`
	Body   string `json:"body"`
}

// MarshalJSON adds when the comment was made, which its ID tells.
func (c Comment) MarshalJSON() ([]byte, error) {
	type plain Comment
	return json.Marshal(struct {
		plain
		CreatedAt time.Time `json:"created_at"`
	}{plain(c), c.ID.Time()})
}

// CheckComment says why body cannot be a comment, or nil.
func CheckComment(body string) error {
	n := utf8.RuneCountInString(body)
	switch {
	case !utf8.ValidString(body):
		return Invalid("body", "is not UTF-8")
	case n == 0 || n > MaxComment:
		return Invalid("body", "has %d characters: 1 to %d are allowed", n, MaxComment)
	}
	return nil
}
