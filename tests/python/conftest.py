"""What tests of several files need."""

import pytest

from needs import skipped_where
from siliconbert import cli, data


@pytest.fixture
def run(capsys):
    """Runs a command line in this process: exit code, output, errors."""

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return call


@pytest.fixture(scope="session")
def vader_amazon():
    """The sentences that pip fetches."""
    with skipped_where("pip could not download"):
        return data.load("vader-amazon")
