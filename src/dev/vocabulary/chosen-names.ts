const names = (list: string): readonly string[] => list.trim().split(/\s*[|\n]\s*/);

/** Entries of simple-icons that are skills, besides those that devicon lists as well. */
export const CHOSEN_ICONS = names(`
A-Frame|Actix|AdonisJS|AIOHTTP|Airbyte|Airtable|Algolia|Alpine.js|Alpine Linux|Android Studio|Angular|Anime.js
Ansible|Ansys|Ant Design|Apache Airflow|Apache Ant|Apache Arrow|Apache Avro|Apache Cassandra|Apache CloudStack
Apache Cordova|Apache CouchDB|Apache Doris|Apache Druid|Apache ECharts|Apache Flink|Apache FreeMarker|Apache Groovy
Apache Hadoop|Apache HBase|Apache Hive|Apache JMeter|Apache Kafka|Apache Kylin|Apache Lucene|Apache Maven
Apache NetBeans IDE|Apache NiFi|Apache OpenOffice|Apache Parquet|Apache Pulsar|Apache RocketMQ|Apache Solr
Apache Spark|Apache Storm|Apache Superset|Apache Tomcat|Apollo GraphQL|Appium|Appwrite|ArangoDB|Arch Linux|ArcGIS
Archicad|Argo|Asciidoctor|AssemblyScript|Asterisk|Astro|Auth0|Autodesk Maya|Autodesk Revit|AvaloniaUI|Axios
Babylon.js|Backbone.js|Backstage|Bamboo|Bazel|Bevy|BigCommerce|Bioconductor|Blazor|Bulma|Buildkite|Burp Suite
C++ Builder|CakePHP|Camunda|Capacitor|Celery|Ceph|Cesium|Chai|Chakra UI|Chart.js|Cheerio|Chocolatey|Cilium
Cinema 4D|Cisco|Citrix|CLion|Cloud Foundry|Cloudera|CMake|CocoaPods|CodeceptJS|Composer|Comsol|Conan|Concourse
Confluence|Consul|containerd|Contao|Contentful|CorelDRAW|Couchbase|Craft CMS|CrateDB|CRYENGINE|Cucumber|Cypress
Dapr|Dash|Dask|Databricks|DataGrip|Dataiku|DBeaver|DeepL|Deno|Dgraph|Dialogflow|Directus|Django|Doctrine|Docusaurus
Dolibarr|Doxygen|Drone|DuckDB|DVC|Dynatrace|EasyEDA|Eclipse IDE|Eclipse Jetty|Eclipse Mosquitto|EJS|Elasticsearch
Electron|Elementor|Eleventy|ERPNext|esbuild|ESLint|etcd|Ethereum|Excalidraw|Expo|Express|Fastify|Fastlane|Fastly
FFmpeg|Flask|Fluentd|Flutter|Flux|Flyway|FMOD|Foundry Virtual Tabletop|Framer|Frappe|FreeBSD|FreeCAD|Gatling|Gatsby
GDAL|GeoPandas|Gerrit|GIMP|Gin|GitHub Actions|GitHub Copilot|GitKraken|GNU Bash|Godot Engine|Google Apps Script
Google BigQuery|Google Bigtable|Google Cloud Spanner|Google Cloud Storage|Google Colab|Google Dataflow|Google Dataproc
Google Earth Engine|Google Forms|Google Maps|Google Pub/Sub|Google Search Console|Gradio|Gradle|Grafana|Graylog|Grunt
GSAP|GStreamer|GTK|gulp|Gunicorn|Gurobi|H2 Database|HAProxy|Hashcat|Hasura|Headless UI|Hexo|Hibernate|Home Assistant
Homebrew|Hono|Hotjar|Houdini|htmx|Hugo|i18next|Icinga|Immer|InfluxDB|Inkscape|Insomnia|IPFS|Jaeger|Jamstack|Jasmine
Jekyll|JetBrains|JHipster|Jira|JSON Web Tokens|JUCE|Jupyter|k6|K3s|Kali Linux|Keras|Keycloak|Kibana|KiCad|Knative
Knex.js|KNIME|Koa|Laravel|Leaflet|Linux|Liquibase|Livewire|Lit|Lodash|Logstash|Looker|MariaDB|Matomo|Mautic
MediaPipe|Meilisearch|Mercurial|Mermaid|Metabase|Metasploit|Meteor|MicroPython|MicroStrategy|MikroTik|Milvus|MinIO|Miro
Mixpanel|MLflow|MobX|Mocha|MongoDB|Mongoose|MonoGame|Moodle|MQTT|MUI|n8n|NativeScript|Neo4j|Neovim|NestJS
Netlify|New Relic|Next.js|Nextcloud|Nextflow|NGINX|NgRx|NixOS|Node-RED|Nomad|Notepad++|Notion|npm|NuGet|Nuke|Nutanix
NumPy|Nuxt|Nx|OBS Studio|Obsidian|Octave|Octopus Deploy|Odoo|Okta|Ollama|ONNX|OpenCV|OpenFaaS|OpenGL|OpenJDK|Openlayers
OpenProject|OpenSearch|OpenSSL|OpenStack|OpenStreetMap|openSUSE|OpenTelemetry|OpenTofu|OpenVPN|OpenWrt|Overleaf|OWASP
p5.js|PaddlePaddle|PagerDuty|pandas|Pandoc|Payload CMS|Penpot|Perforce|pfSense|phpMyAdmin|PhpStorm|Pimcore|Pinia
PlanetScale|Plotly|PM2|pnpm|Podman|Poetry|Polars|Portainer|PostCSS|PostHog|Postman|Preact|Prefect|PrestaShop|Presto
Prettier|PrimeNG|Prisma|Prometheus|Proteus|Proxmox|Pulumi|Puppeteer|PyCharm|Pydantic|Pytest|PyTorch|Qdrant|QEMU|QGIS
Qiskit|Qlik|Qt|Qualtrics|Quarkus|QuickBooks|RabbitMQ|Rancher|Ray|React Bootstrap|React Hook Form|React Query
React Router|ReactiveX|Redash|Redis|Redmine|Redux|Redux-Saga|Remix|Renovate|Retool|reveal.js|Rhinoceros|RISC-V
Robot Framework|RocksDB|Rocky Linux|ROS|RubyMine|Ruby Sinatra|Sanity|Scrapy|ScyllaDB|Selenium|Semantic UI|Semrush|Sentry
Sequelize|shadcn/ui|Shopware|Sidekiq|Sitecore|Sketch|SketchUp|Snowflake|Snyk|Socket.io|Solana|Sonatype|spaCy|Sphinx
Spinnaker|Splunk|Spring Boot|Spring Security|SQLAlchemy|SQLite|Squarespace|Storybook|Strapi|Streamlit|Stripe
styled-components|Stylus|Sublime Text|Supabase|SurrealDB|SUSE|Swagger|SWC|Symfony|SymPy|Tailwind CSS|TanStack|Tauri
TeamCity|Tekton|Temporal|TensorFlow|Teradata|Testing Library|TestRail|Three.js|Thymeleaf|TiDB|Tidyverse|Timescale
Tinkercad|Traefik Proxy|Trello|Trino|Trivy|tRPC|Turborepo|TypeORM|TYPO3|Typeform|Underscore.js|Unity|Unreal Engine
Vaadin|Vagrant|Vault|Vectorworks|Veeam|Vercel|VirtualBox|Vite|Vitess|Vitest|VMware|Vuetify|Vulkan|Wagtail|Webex|Webflow
WebGL|WebGPU|Webpack|WebRTC|WebStorm|Weights & Biases|WireGuard|Wireshark|Wix|Wolfram Mathematica|WooCommerce|WordPress
XAMPP|Xcode|Xero|XMPP|Yarn|Yii|Zapier|Zend|Zendesk|Zigbee|Zod|Zoho|Zotero|Zsh|Zulip
`);

/** Entries of devicon that are not skills: companies, browsers, sites and brands. */
export const NOT_SKILLS = names(`
apple|behance|chrome|codeac|codepen|codechef|codewars|devicon|discloud|dribbble|facebook|firefox|gitter|google|gitbook
ie10|leetcode|hackerrank|linkedin|npss|opera|oracle|packer|pandora|safari|sema|slack|spack|stackoverflow|twitter|windows8
windows11|datatag|dataspell|detaspace|foundation|fusion|gardener|harvester|jeet|jule|k3os|kaldi|norg|photonengine|pulsar
qodana|reach|rect|scalingo|shotgrid|sulu|teleport|towergit|waku|towergitclient|embeddedc|msdos|nimble|qtest|realm|travis
`);

/** Spellings of names that no other package has, by their names in devicon. */
export const DISPLAY_NAMES: Readonly<Record<string, string>> = {
  aarch64: "ARM64",
  aftereffects: "Adobe After Effects",
  amazonwebservices: "Amazon Web Services",
  angularmaterial: "Angular Material",
  appcelerator: "Appcelerator",
  argocd: "Argo CD",
  azure: "Microsoft Azure",
  azuredevops: "Azure DevOps",
  azuresqldatabase: "Azure SQL Database",
  bevyengine: "Bevy",
  browserstack: "BrowserStack",
  cassandra: "Cassandra",
  clojurescript: "ClojureScript",
  cloudrun: "Google Cloud Run",
  corejs: "core-js",
  cosmosdb: "Azure Cosmos DB",
  couchdb: "CouchDB",
  cplusplus: "C++",
  csharp: "C#",
  css3: "CSS",
  cypressio: "Cypress",
  d3js: "D3.js",
  datatables: "DataTables",
  denojs: "Deno",
  djangorest: "Django",
  dotnetcore: ".NET",
  dreamweaver: "Adobe Dreamweaver",
  dyalog: "Dyalog APL",
  dynamodb: "DynamoDB",
  entityframeworkcore: "Entity Framework",
  faunadb: "FaunaDB",
  feathersjs: "FeathersJS",
  framermotion: "Framer Motion",
  fsharp: "F#",
  gcc: "GCC",
  githubcodespaces: "GitHub Codespaces",
  grpc: "gRPC",
  hyperv: "Hyper-V",
  illustrator: "Adobe Illustrator",
  inertiajs: "Inertia.js",
  intellij: "IntelliJ IDEA",
  jaegertracing: "Jaeger",
  jiraalign: "Jira Align",
  junit: "JUnit",
  karatelabs: "Karate",
  knockout: "Knockout.js",
  krakenjs: "Kraken.js",
  kubeflow: "Kubeflow",
  laraveljetstream: "Laravel Jetstream",
  libgdx: "libGDX",
  love2d: "LÖVE",
  materializecss: "Materialize",
  materialui: "MUI",
  microsoftsqlserver: "Microsoft SQL Server",
  mithril: "Mithril.js",
  netbox: "NetBox",
  networkx: "NetworkX",
  nhibernate: "NHibernate",
  nodewebkit: "NW.js",
  nuxtjs: "Nuxt",
  oauth: "OAuth",
  ohmyzsh: "Oh My Zsh",
  openal: "OpenAL",
  openapi: "OpenAPI",
  photoshop: "Adobe Photoshop",
  pixijs: "PixiJS",
  premierepro: "Adobe Premiere Pro",
  putty: "PuTTY",
  pyscript: "PyScript",
  rails: "Ruby on Rails",
  reactnative: "React Native",
  reactnavigation: "React Navigation",
  rspec: "RSpec",
  rstudio: "RStudio",
  rxjs: "RxJS",
  sdl: "SDL",
  solidjs: "SolidJS",
  sonarqube: "SonarQube",
  spicedb: "SpiceDB",
  spss: "SPSS",
  sqldeveloper: "Oracle SQL Developer",
  ssh: "SSH",
  stenciljs: "Stencil",
  threedsmax: "3ds Max",
  titaniumsdk: "Titanium SDK",
  tortoisegit: "TortoiseGit",
  unifiedmodelinglanguage: "UML",
  uwsgi: "uWSGI",
  vertx: "Vert.x",
  visualbasic: "Visual Basic",
  visualstudio: "Visual Studio",
  vitejs: "Vite",
  vscode: "Visual Studio Code",
  vsphere: "VMware",
  wasm: "WebAssembly",
  xd: "Adobe XD",
  yugabytedb: "YugabyteDB",
};

/** One name for entries that packages name differently: one becomes an alias of the other. */
export const SAME_AS: Readonly<Record<string, string>> = {
  "Apache Spark": "Apache Spark",
  "Apache Cassandra": "Cassandra",
  "Apache CouchDB": "CouchDB",
  "Apache HBase": "HBase",
  "Apache Solr": "Apache Solr",
  "Apache Maven": "Maven",
  "Apache Ant": "Ant",
  "Apache Groovy": "Groovy",
  "Apache Tomcat": "Apache Tomcat",
  "Backbone.js": "Backbone",
  "GNU Bash": "Bash",
  "GNU Emacs": "Emacs",
  "Godot Engine": "Godot",
  "Google BigQuery": "BigQuery",
  "Apache Cordova": "Cordova",
  "Autodesk Revit": "Autodesk Revit",
  "Traefik Proxy": "Traefik",
  "Ruby Sinatra": "Sinatra",
  Timescale: "TimescaleDB",
  PLSQL: "PL/SQL",
  TSQL: "T-SQL",
  "Visual Basic .NET": "Visual Basic",
  "Visual Basic 6.0": "Visual Basic",
  VBA: "Visual Basic",
  Shell: "Bash",
  SystemVerilog: "Verilog",
  "Unity3D Asset": "Unity",
  "Vim script": "Vim",
  Qlik: "Qlik Sense",
  Swagger: "Swagger",
  "Swift UI": "SwiftUI",
  "Protocol Buffer": "Protocol Buffers",
  Zoho: "Zoho CRM",
  Looker: "Looker",
  Yarn: "Yarn",
  Express: "Express",
};

/** Words that mean something else as well. Free text names the skill only in context. */
export const AMBIGUOUS = new Set(
  `act ada alloy ansys ant apex arc argo arrow assembly asterisk astro atom axios azure backbone backstage ballerina bamboo
  basic beam beef bison blade blender bootstrap box bun c caddy cairo camunda carbon celery chai chapel chef clarity clean
  click coda composer conan concourse consul cool crystal curl curry cypress d dapr dart dash delphi deno discord django
  doctrine drone dune dylan eagle echo eclipse edge eiffel electron elixir elk elm ember envoy euphoria excel expo express
  factor falcon fancy fiber fig fish flask flow fluent flux forth foundation framer fusion gatsby gazebo ghost gin git gleam
  go grace gradle grafana graph groovy grunt gulp hack haml harbour hare hasura helm hive houdini hugo hy ink insomnia
  inform io j jade jaeger jasmine jest julia just karate karma keystone kit kraken lark lasso latte leaflet lean less lex
  limbo liquid lit logos looker love m make maker marko mask maven max maya mercury mermaid meson metal meteor milvus mint
  miro mocha modal mojo mongoose monkey move muse mustache neon nest nickel nim ninja nix node nomad notion nu nuke
  numba nuxt oak obsidian octave odin okta opal open oracle orc org outlook ox oz packer pan papyrus parcel parrot pascal
  pawn perl phoenix pickle pig pike poetry polar pony postman prefect presto prettier processing prometheus propeller pug
  pulsar puppet q quarto r racket rails rancher raven ray razor react reason rebol red redis relay remix ring riot robot roc
  rocket rollup rouge ruby rust sage sail salt sanity sass scala scheme scratch sed self sentry shell sieve sketch slang
  slash slice slim snowflake solid spark sphinx spinnaker spline spring squirrel stan stencil stimulus storm strapi stripe
  stylus svelte sway swift tact talon tape tea teal tekton temporal terra thrift toml trello turing twig unity uno v vault
  vega velocity verse vim vite volt vue wasm webex wine wix wolfram word wren yarn zephyr zig zoom access numbers pages
  ansible vagrant capacitor lua spyder argo sequelize salesforce? lean scribe sales? clips cap gap gams ampl mint`
    .split(/\s+/)
    .filter((word) => !word.endsWith("?")),
);

/** Exceptions: names that rarely mean anything else in a posting or CV. */
export const CLEAR = new Set(
  `redis grafana gradle hasura svelte vue django perl git ansible vagrant lua scala julia webex trello toml azure okta
  numba milvus jaeger sequelize strapi vim camunda ansys nuxt vite axios deno terraform kotlin bootstrap wasm elixir sass
  delphi prometheus ruby`.split(/\s+/),
);
