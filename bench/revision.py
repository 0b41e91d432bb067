"""Builds `nexus-writer` as it was in another revision of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "nexus-writer"


def build(revision: str, folder: Path) -> Path:
    """The folder with the program of a revision, below `folder`. It is kept, because building takes minutes."""
    commit = git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    built = folder / commit
    if not (built / PROGRAM).exists():
        print(f"build {revision}", file=sys.stderr, flush=True)
        tree, target = folder / "tree", folder / "build"
        check_out(commit, tree)
        # All revisions share a target folder, so that HDF5 is built once. Crates may have had other names, the
        # program has always had this one.
        command = ["cargo", "build", "--release", "--bin", PROGRAM]
        subprocess.run(command, cwd=tree, env=os.environ | {"CARGO_TARGET_DIR": str(target)}, check=True)
        built.mkdir(exist_ok=True)
        shutil.copy2(target / "release" / PROGRAM, built)
    return built


def check_out(commit: str, tree: Path):
    """Has the files of a commit in `tree`, a worktree of its own."""
    if (tree / ".git").exists():
        git("-C", str(tree), "checkout", "--quiet", "--force", "--detach", commit)
    else:
        # An earlier one was deleted together with the target folder.
        git("worktree", "prune")
        git("worktree", "add", "--quiet", "--force", "--detach", str(tree), commit)


def git(*arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if answer.returncode != 0:
        sys.exit(f"git {' '.join(arguments)} failed")
    return answer.stdout.strip()
