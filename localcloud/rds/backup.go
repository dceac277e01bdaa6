package rds

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/process"
)

const backupsType = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"

// firstLog is the name of an instance's first binary log. It began empty, so
// that its logs from this one on are all there is to restore.
const firstLog = "binlog.000001"

// backups is the body of replicated automated backups: a process that ships the
// source's binary logs to this region as they are written. On AWS they come
// every five minutes, here at once.
type backups struct{ *Service }

func (s backups) Apply(ctx context.Context, r, _ *cloud.Resource) error {
	if _, running := s.shippers.Get(r.ID); running {
		return nil // every property of it replaces
	}
	source := s.store.ByOutput(instanceType, "arn", r.String("sourceDbInstanceArn"))
	if source == nil {
		return fmt.Errorf("source %s of the backups does not exist", r.String("sourceDbInstanceArn"))
	}
	// The source's address stays. Its record may be written to while this starts again.
	from := []string{"--host=" + source.String("address"), "--port=" + strconv.Itoa(source.Int("port", defaultPort))}
	kept, err := process.Keep(ctx, r.ID, func(ctx context.Context) (*process.Process, error) {
		return s.ship(ctx, r, from)
	})
	if err != nil {
		return err
	}
	s.shippers.Put(r.ID, kept)
	return nil
}

func (s backups) Remove(_ context.Context, r *cloud.Resource) error {
	if kept, running := s.shippers.Take(r.ID); running {
		kept.Stop()
	}
	if err := process.EndLeftover(s.backupsDir(r), stopTimeout); err != nil {
		return err
	}
	return os.RemoveAll(s.backupsDir(r))
}

func (s *Service) backupsDir(r *cloud.Resource) string {
	return filepath.Join(s.dir, r.Region+"-backups-"+filepath.Base(r.ID))
}

// ship starts the process, which ends when the source does. It goes on with
// the log that it was at.
func (s *Service) ship(ctx context.Context, r *cloud.Resource, source []string) (*process.Process, error) {
	path, err := find("mariadb-binlog")
	if err != nil {
		return nil, err
	}
	dir := s.backupsDir(r)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	logs, err := shipped(dir)
	if err != nil {
		return nil, err
	}
	from := firstLog
	if len(logs) > 0 {
		from = filepath.Base(logs[len(logs)-1])
	}
	return process.Start(ctx, process.Spec{
		Name: "mariadb-binlog", Path: path, Dir: dir, Env: append(os.Environ(), "MYSQL_PWD="+s.replication),
		Args: slices.Concat([]string{"--no-defaults", "--read-from-remote-server", "--raw", "--stop-never"}, source,
			[]string{"--user=" + replicationUser, "--ssl-ca=" + s.authority.CAFile(), "--result-file=" + dir + "/", from}),
		Ready: func(context.Context) error { _, err := os.Stat(filepath.Join(dir, firstLog)); return err },
	})
}

// shipped are the logs in dir, in their order.
func shipped(dir string) ([]string, error) {
	logs, err := filepath.Glob(filepath.Join(dir, "binlog.[0-9]*"))
	slices.Sort(logs)
	return logs, err
}

// restoredFrom is the id of the backups that an instance is to begin with, or "".
func restoredFrom(r *cloud.Resource) string {
	var from struct{ SourceDbInstanceAutomatedBackupsArn string }
	if err := r.Decode("restoreToPointInTime", &from); err != nil {
		return ""
	}
	return from.SourceDbInstanceAutomatedBackupsArn
}

// restored is a file that says that all of the backups are in the instance.
const restored = "restored"

// clearHalfRestored removes what a restore that was interrupted left.
func (s *Service) clearHalfRestored(r *cloud.Resource) error {
	dir := s.instanceDir(r)
	if _, err := os.Stat(filepath.Join(dir, restored)); restoredFrom(r) == "" || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := process.EndLeftover(dir, 0); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dir, "data"))
}

// restore fills a fresh server with the latest that the backups hold. One that
// was filled before is left as it is.
func (s *Service) restore(ctx context.Context, r *cloud.Resource, server *Server, id string) error {
	from := s.store.Get(r.Region, backupsType, id)
	if from == nil {
		return fmt.Errorf("backups %s to restore do not exist", id)
	}
	if source := s.store.ByOutput(instanceType, "arn", from.String("sourceDbInstanceArn")); source != nil {
		inherit(r, source)
	}
	done := filepath.Join(s.instanceDir(r), restored)
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	logs, err := shipped(s.backupsDir(from))
	if err != nil {
		return err
	}
	if len(logs) == 0 {
		return fmt.Errorf("backups %s are empty: nothing was shipped yet", id)
	}
	for i, log := range logs {
		if err := server.replay(ctx, log, i == len(logs)-1); err != nil {
			return fmt.Errorf("restore %s: %w", filepath.Base(log), err)
		}
	}
	if err := server.setPassword(ctx, r.String("username"), r.String("password")); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}

// replay runs what a binary log holds, under its own GTIDs, so that the
// server's own log has it too and a replica of it can begin at the beginning.
// The last log of a source that is gone may end within an event; what is whole
// counts.
func (s *Server) replay(ctx context.Context, log string, last bool) error {
	read, err := find("mariadb-binlog")
	if err != nil {
		return err
	}
	run, err := find("mariadb")
	if err != nil {
		return err
	}
	reader := exec.CommandContext(ctx, read, "--no-defaults", log)
	runner := exec.CommandContext(ctx, run, "--no-defaults", "--user=root", "--socket="+s.cfg.socket(), "--binary-mode",
		"--init-command=SET max_statement_time=0")
	if runner.Stdin, err = reader.StdoutPipe(); err != nil {
		return err
	}
	if err := reader.Start(); err != nil {
		return err
	}
	if out, err := runner.CombinedOutput(); err != nil {
		reader.Process.Kill()
		reader.Wait()
		return fmt.Errorf("%w\n%s", err, out)
	}
	if err := reader.Wait(); err != nil && !last {
		return fmt.Errorf("it is damaged: %w", err)
	} else if err != nil {
		slog.Warn("the last log ends within an event, which is left out", "log", log)
	}
	return nil
}
