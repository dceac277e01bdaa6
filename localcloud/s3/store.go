package s3

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"newsfeed/localcloud/cloud"
)

// object is what is kept beside an object's content.
type object struct {
	Key       string
	File      string // of the content, in the bucket's directory; never written again
	Size      int64
	ETag      string // without quotes
	Modified  time.Time
	Headers   map[string]string `json:",omitempty"` // Content-Type, x-amz-meta-*, ... as they are answered
	Checksums map[string]string `json:",omitempty"` // by header name
}

// bucket is the objects of one bucket: for each a content file of a unique
// name and, naming it, a .json file that comes to be in one step.
type bucket struct {
	name, region, dir string

	mu      sync.RWMutex
	objects map[string]*object
}

// openBucket finds the objects under dir, created when absent, and sweeps
// away content that a crash left without its .json file.
func openBucket(name, region, dir string) (*bucket, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	b := &bucket{name: name, region: region, dir: dir, objects: map[string]*object{}}
	named := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".json") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		o := &object{}
		if err := json.Unmarshal(raw, o); err != nil {
			return nil, fmt.Errorf("record %s is corrupt: %w; it was left as it is: "+
				"restore it, or start afresh with 'localcloud down --force'", filepath.Join(dir, f.Name()), err)
		}
		b.objects[o.Key] = o
		named[o.File], named[f.Name()] = true, true
	}
	for _, f := range files {
		if !named[f.Name()] {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func fileName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

func (b *bucket) get(key string) *object {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.objects[key]
}

// keys returns the keys with a prefix, sorted.
func (b *bucket) keys(prefix string) []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	keys := slices.Collect(maps.Keys(b.objects))
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasPrefix(key, prefix) })
	slices.Sort(keys)
	return keys
}

// open returns an object with its content, or nil when there is none. The
// content stays readable when the object is replaced meanwhile.
func (b *bucket) open(key string) (*object, *os.File, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	o := b.objects[key]
	if o == nil {
		return nil, nil, nil
	}
	f, err := os.Open(filepath.Join(b.dir, o.File))
	return o, f, err
}

// write keeps content in a file of its own, without an object yet. check is
// called with what was written before it counts.
func (b *bucket) write(o *object, content io.Reader, check func(*object) error) (err error) {
	o.File = fileName(o.Key) + "-" + uuid.NewString()
	f, err := os.OpenFile(filepath.Join(b.dir, o.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	sum := md5.New()
	o.Size, err = io.Copy(io.MultiWriter(f, sum), content)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	o.ETag = hex.EncodeToString(sum.Sum(nil))
	return check(o)
}

// commit makes a written object the one of its key. With onlyNew it refuses
// to replace one.
func (b *bucket) commit(o *object, onlyNew bool) error {
	o.Modified = time.Now().UTC().Truncate(time.Second)
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.objects[o.Key]
	if onlyNew && old != nil {
		os.Remove(filepath.Join(b.dir, o.File))
		return errPrecondition
	}
	if err := cloud.WriteFile(filepath.Join(b.dir, fileName(o.Key)+".json"), raw); err != nil {
		return err
	}
	b.objects[o.Key] = o
	if old != nil {
		return os.Remove(filepath.Join(b.dir, old.File))
	}
	return nil
}

func (b *bucket) put(o *object, content io.Reader, onlyNew bool, check func(*object) error) error {
	if err := b.write(o, content, check); err != nil {
		return err
	}
	return b.commit(o, onlyNew)
}

func (b *bucket) delete(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := b.objects[key]
	if o == nil {
		return nil
	}
	if err := os.Remove(filepath.Join(b.dir, fileName(key)+".json")); err != nil {
		return err
	}
	delete(b.objects, key)
	return os.Remove(filepath.Join(b.dir, o.File))
}
