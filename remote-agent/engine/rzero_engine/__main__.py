from rzero_engine.cli import main

raise SystemExit(main())
