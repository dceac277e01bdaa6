package cloud

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
)

// Store is the record of every resource that exists, one file each, so that
// a crash can lose at most the resource being written. Safe for concurrent use.
type Store struct {
	dir     string
	changes atomic.Uint64

	mu   sync.RWMutex
	byID map[key]*Resource
}

type key struct{ region, typ, id string }

func (r *Resource) key() key { return key{r.Region, r.Type, r.ID} }

// OpenStore reads the records under dir, which it creates when absent.
// A record that can't be read is an error that names the file; it is left as
// it is.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	records, err := ReadAll[Resource](dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, byID: map[key]*Resource{}}
	for _, r := range records {
		s.byID[r.key()] = r
	}
	return s, nil
}

// ReadAll reads every JSON file in dir. The error names a file that can't be
// read; it is left as it is.
func ReadAll[T any](dir string) ([]*T, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	all := make([]*T, len(files))
	for i, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all[i] = new(T)
		if err := json.Unmarshal(raw, all[i]); err != nil {
			return nil, fmt.Errorf("record %s is corrupt: %w; it was left as it is: "+
				"restore it, or start afresh with 'localcloud down --force'", file, err)
		}
	}
	return all, nil
}

// Put records r as it is now, durably against the death of this process: what
// becomes of r afterwards is not seen here before the next Put.
func (s *Store) Put(r *Resource) error {
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := WriteFile(s.path(r), raw); err != nil {
		return fmt.Errorf("record %s %s: %w", r.Type, r.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[r.key()] = r.Clone()
	s.changes.Add(1)
	return nil
}

// Changes counts what was put and deleted: while it stays, so does everything.
func (s *Store) Changes() uint64 { return s.changes.Load() }

// Delete forgets r.
func (s *Store) Delete(r *Resource) error {
	if err := os.Remove(s.path(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, r.key())
	s.changes.Add(1)
	return nil
}

// Get returns the resource of that region, type and id, or nil.
func (s *Store) Get(region, typ, id string) *Resource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[key{region, typ, id}]
}

// List returns the resources of a type in every region, by region and id.
// Callers must not change them: Put a changed copy.
func (s *Store) List(typ string) []*Resource {
	return s.find(func(r *Resource) bool { return r.Type == typ })
}

// All returns every resource, by region and id.
func (s *Store) All() []*Resource {
	return s.find(func(*Resource) bool { return true })
}

// ByOutput returns the first resource of a type, in any region, whose output
// named name is value (an ARN, say), or nil.
func (s *Store) ByOutput(typ, name, value string) *Resource {
	found := s.find(func(r *Resource) bool { return r.Type == typ && r.String(name) == value })
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func (s *Store) find(keep func(*Resource) bool) []*Resource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*Resource
	for _, r := range s.byID {
		if keep(r) {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Region != out[j].Region {
			return out[i].Region < out[j].Region
		}
		return out[i].ID < out[j].ID
	})
	return out
}

// path names r's file for people, with a hash to tell ids apart that differ
// only in what a file name can't hold.
func (s *Store) path(r *Resource) string {
	_, kind, _ := strings.Cut(r.Type, ":")
	kind = kind[strings.LastIndexAny(kind, "/:")+1:]
	sum := sha256.Sum256([]byte(r.Type + "\x00" + r.ID))
	return filepath.Join(s.dir, fmt.Sprintf("%s-%s-%s.json", r.Region, kind, hex.EncodeToString(sum[:8])))
}

// WriteFile replaces path in one step: a reader, or a crash, sees the old
// content or the new. The file is readable by its owner only.
func WriteFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(content); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
