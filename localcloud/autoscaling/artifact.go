package autoscaling

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// fetchPause is between two tries to fetch the program.
const fetchPause = 5 * time.Second

// fetch brings the program from S3 to this machine, once for every version. It
// is tried until it is there: an upload may end after the launch. A program
// whose digest is not the one in its key is an error, for it will never be.
func (g *group) fetch(i *instance) (string, error) {
	uri := i.template.boot.artifact
	bucket, key, ok := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	if !ok {
		return "", fmt.Errorf("%s=%q is no s3:// URI", artifact, uri)
	}
	file := filepath.Join(g.service.Dir, "artifacts", path.Base(key), program)
	for told := false; ; told = true {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
		source, err := g.service.Objects.Path(bucket, key)
		if err == nil {
			return file, keep(source, file, path.Base(key))
		}
		if !told {
			g.complain(i, fmt.Errorf("boot: fetch %s: %w", uri, err))
		}
		if err := g.service.Clock.Sleep(i.ctx, fetchPause); err != nil {
			return "", err
		}
	}
}

// keep copies an object to a file, whole or not at all.
func keep(source, file, digest string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".feed-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	from, err := os.Open(source)
	if err != nil {
		tmp.Close()
		return err
	}
	defer from.Close()
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, sum), from)
	if err := errors.Join(err, tmp.Chmod(0o700), tmp.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); len(digest) == len(got) && digest != got {
		return fmt.Errorf("digest of the program is %s, its key says %s: it is not run", got, digest)
	}
	return os.Rename(tmp.Name(), file)
}
