"""Make an AiiDA profile on the PostgreSQL and RabbitMQ of `setup/large`.  usage: large_profile.py NAME PORT SECRET"""

import sys
from pathlib import Path

from aiida.manage.configuration import create_profile, get_config


def main() -> None:
    """Create the profile; the password is read from a file, so that no process list shows it."""
    name, port, secret = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_text().strip()
    config = get_config(create=True)
    create_profile(
        config,
        name=name,
        email="aiida@localhost",
        storage_backend="core.psql_dos",
        storage_config={
            "database_engine": "postgresql_psycopg",
            "database_hostname": "127.0.0.1",
            "database_port": port,
            "database_username": "aiida",
            "database_password": secret,
            "database_name": f"aiida_{name}",
            "repository_uri": (Path(config.dirpath) / "repository" / name).as_uri(),
        },
        broker_backend="core.rabbitmq",
        broker_config={
            "broker_protocol": "amqp",
            "broker_username": "aiida",
            "broker_password": secret,
            "broker_host": "127.0.0.1",
            "broker_port": port + 1,
            "broker_virtual_host": "",
        },
    )
    # RabbitMQ 3.8.15 and later drop long tasks unless consumer_timeout is set, as `setup/large` does
    config.set_option("warnings.rabbitmq_version", False, scope=name)
    config.store()
    print(f"profile {name}: PostgreSQL on port {port}, RabbitMQ on port {port + 1}")


if __name__ == "__main__":
    main()
