package sqs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// compactAbove is the size under which a journal is left to grow.
const compactAbove = 16 << 20

const (
	opSend   = "send"
	opHide   = "hide" // received, or its visibility changed
	opDelete = "delete"
	opPurge  = "purge"
)

// entry is one line of a journal: a change of one message.
type entry struct {
	Op         string
	Message    *message    `json:",omitempty"` // send
	ID         string      `json:",omitempty"` // hide, delete
	Visibility *visibility `json:",omitempty"` // hide
}

// journal is the file of a queue's changes, one JSON line each. It is not
// safe for concurrent use. After a write fails in a way that leaves half a
// line it refuses everything: nothing may follow that line.
type journal struct {
	path      string
	file      *os.File
	size      int64
	compacted int64 // size after the last compaction
	broken    error
}

// openJournal plays every entry of the file at path, created when absent,
// and opens it to append. A last line that was cut short by a crash was never
// answered, and is cut off.
func openJournal(path string, play func(entry)) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{path: path, file: file}
	if err := j.play(play); err != nil {
		file.Close()
		return nil, err
	}
	if err := file.Truncate(j.size); err != nil {
		file.Close()
		return nil, err
	}
	j.compacted = j.size
	return j, nil
}

func (j *journal) play(play func(entry)) error {
	r := bufio.NewReaderSize(j.file, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("journal %s is corrupt at byte %d: %w; it was left as it is: "+
				"restore it, or start afresh with 'localcloud down --force'", j.path, j.size, err)
		}
		j.size += int64(len(line))
		play(e)
	}
}

// append writes entries in one write: all of them or none.
func (j *journal) append(entries []entry) error {
	if j.broken != nil {
		return j.broken
	}
	var buf bytes.Buffer
	if err := encode(&buf, entries); err != nil {
		return err
	}
	n, err := j.file.Write(buf.Bytes())
	if err != nil {
		if n > 0 {
			if cut := j.file.Truncate(j.size); cut != nil {
				j.broken = fmt.Errorf("journal %s has half a line: %w", j.path, errors.Join(err, cut))
			}
		}
		return err
	}
	j.size += int64(n)
	return nil
}

func encode(w io.Writer, entries []entry) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range entries {
		if err := enc.Encode(&entries[i]); err != nil {
			return err
		}
	}
	return nil
}

// full says that most of the journal is likely to be history.
func (j *journal) full() bool { return j.size > max(compactAbove, 4*j.compacted) }

// compact replaces the journal by one that only sends what is live, in one
// step: a crash leaves the old one or the new.
func (j *journal) compact(live iter.Seq[*message]) error {
	tmp, err := os.OpenFile(j.path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(tmp, 1<<20)
	for m := range live {
		if err = encode(w, []entry{{Op: opSend, Message: m}}); err != nil {
			break
		}
	}
	err = errors.Join(err, w.Flush())
	info, statErr := tmp.Stat()
	err = errors.Join(err, statErr)
	if err == nil {
		err = os.Rename(tmp.Name(), j.path)
	}
	if err != nil {
		tmp.Close()
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	j.file.Close()
	j.file, j.size, j.compacted = tmp, info.Size(), info.Size()
	return nil
}

// remove closes the journal and deletes its file.
func (j *journal) remove() error {
	return errors.Join(j.file.Close(), os.Remove(j.path))
}
