// Written by `npm run vocabulary:build`, checked by `npm run check:vocabulary`. Do not edit it.
// Sources and licences: docs/decisions/0150-skills-vocabulary.md and THIRD-PARTY-LICENCES.md.

/** One skill a line: kind, name, other spellings; "?" marks a word that also means something else. */
export const VOCABULARY = `
language|1C Enterprise
practice|3D Modeling|3D Modelling
craft|3D Printing
tool|3ds Max|Autodesk 3ds Max
language|?4D
language|ABAP|SAP ABAP
language|?ABAP CDS
natural-language|?Abkhaz|?аҧсуа бызшәа
tool|Ableton Live
practice|A/B Testing
business|Accounting
business|Account Management|Key Account Management
business|Accounts Payable
business|Accounts Receivable
craft|?Acting
language|ActionScript|actionscript 3|as3
cloud|Active Directory
soft|Active Listening
framework|Actix
language|?Ada|ada95|ada2005
soft|Adaptability
tool|Adobe Acrobat|Acrobat
tool|Adobe After Effects|After Effects
tool|Adobe Creative Cloud|Adobe Creative Suite|Creative Suite
tool|Adobe Dreamweaver
tool|Adobe Illustrator|?Illustrator
tool|Adobe InDesign|InDesign
tool|Adobe Lightroom|Lightroom
tool|Adobe Photoshop|Photoshop
tool|Adobe Premiere Pro|Premiere Pro|Adobe Premiere
tool|Adobe XD
framework|AdonisJS|adonis
volunteering|Adult Education
business|Advertising
volunteering|Advocacy
database|Aerospike
natural-language|?Afar|?Afaraf
framework|A-Frame
natural-language|?Afrikaans
language|?Agda
practice|Agile|Agile Methodologies|Agile Development
language|?AGS Script|?ags
tool|Ahrefs
language|?AIDL
language|?Aiken
tool|AIOHTTP
tool|Airbyte
tool|Airtable
natural-language|?Akan
framework|Akka|akka-framework
language|?AL
natural-language|?Albanian|?Shqip
language|?Aleo
language|?ALGOL
tool|Algolia
practice|Algorithms
cloud|Alibaba Cloud
language|?Alloy
tool|AlmaLinux|AlmaLinux OS
language|Alpine Abuild|?abuild|?apkbuild
framework|Alpine.js|Alpine
tool|Alpine Linux
tool|Alteryx
cloud|Amazon CloudFront|CloudFront
cloud|Amazon EC2|EC2
cloud|Amazon ECS|ECS
cloud|Amazon EKS|EKS
cloud|Amazon RDS|RDS
database|Amazon Redshift|?Redshift
cloud|Amazon S3|?S3
cloud|Amazon SQS|SQS
cloud|Amazon Web Services|AWS
natural-language|?Amharic|?አማርኛ
language|?AMPL
tool|Anaconda
soft|Analytical Thinking|Analytical Skills
tool|Android
tool|Android Studio
language|AngelScript
framework|Angular
framework|Angularjs
framework|Angular Material
volunteering|Animal Care
craft|Animal Husbandry
volunteering|Animal Rescue
practice|Animation
tool|Anime.js
cloud|Ansible
language|Answer Set Programming
tool|Ansys
tool|?Ant|Apache Ant
tool|Ant Design
language|?ANTLR
tool|Apache|The Apache Software Foundation
framework|Apache Airflow|?Airflow
tool|Apache Arrow
tool|Apache Avro
framework|Apache Beam
tool|Apache CloudStack
tool|Apache Doris
tool|Apache Druid
tool|Apache ECharts
framework|Apache Flink|?Flink
tool|Apache FreeMarker
tool|Apache Hadoop
database|Apache Hive|?Hive
cloud|Apache HTTP Server|Apache Web Server
tool|Apache JMeter
framework|Apache Kafka|Kafka
tool|Apache Kylin
tool|Apache Lucene
tool|Apache NetBeans IDE
tool|Apache NiFi
tool|Apache OpenOffice
tool|Apache Parquet
tool|Apache Pulsar
tool|Apache RocketMQ
database|Apache Solr|Solr
framework|Apache Spark|PySpark|?Spark
tool|Apache Storm
tool|Apache Superset
tool|Apache Tomcat
language|?Apex|Salesforce Apex
practice|API Design|API Development
language|APL|A Programming Language
tool|Apollo GraphQL|Apollo
language|Apollo Guidance Computer
tool|Appcelerator
tool|Appium
language|AppleScript|?apples|?osascript
craft|Appliance Repair
cloud|Appwrite
natural-language|?Arabic|?العربية
natural-language|?Aragonese|?aragonés
tool|ArangoDB
language|?Arc
tool|ArcGIS|ESRI ArcGIS
tool|Archicad
office|?Archiving
tool|Arch Linux
tool|Arduino
tool|?Argo
cloud|Argo CD
tool|ARM64
natural-language|?Armenian|?Հայերեն
practice|Artificial Intelligence|AI
tool|Artix Linux|artix
tool|Asana
tool|Asciidoctor
language|?ASL
language|?AspectJ
framework|ASP.NET|ASP.NET Core|ASP.NET MVC|?aspx|?aspx-vb
natural-language|?Assamese|?অসমীয়া
language|?Assembly|Assembly language|Assembler|?asm|?nasm
tool|AssemblyScript
business|Asset Management
tool|?Asterisk
framework|?Astro
language|?Asymptote
tool|?Atom
language|?ATS|ats2
soft|Attention to Detail
tool|Audacity
practice|Audio Editing
business|Auditing
language|?Augeas
practice|Augmented Reality
tool|Auth0
tool|AutoCAD
tool|Autodesk Inventor
tool|Autodesk Maya
tool|Autodesk Revit|Revit
language|AutoHotkey|ahk
language|AutoIt|au3|AutoIt3|AutoItScript
tool|AvaloniaUI
natural-language|?Avaric|?авар мацӀ
natural-language|?Avestan|?avesta
language|AWK|the awk programming language
cloud|AWS CDK
cloud|AWS CloudFormation|CloudFormation
cloud|AWS Lambda
tool|Axios
natural-language|?Aymara|?aymar aru
natural-language|?Azerbaijani|?azərbaycan dili
cloud|Azure Active Directory|Azure AD|Entra ID|Microsoft Entra
database|Azure Cosmos DB
cloud|Azure DevOps
cloud|Azure Functions
cloud|Azure Kubernetes Service|AKS
database|Azure SQL Database
language|?B
business|B2B Sales|B2B
language|B4X|basic for android
framework|Babel|babeljs
framework|Babylon.js
framework|?Backbone|Backbone.js
practice|Back-End Development|Backend
tool|?Backstage
craft|Baking
language|?Ballerina|bal
natural-language|?Bambara|?bamanankan
tool|?Bamboo|atlassianbamboo
language|?BAML
craft|Barista Skills
craft|Bartending
language|Bash|?Shell|Shell scripting|Bash scripting|Unix shell|bourneagainshell|GNU Bash|shell-script|envrc
natural-language|?Bashkir|?башҡорт теле
language|?BASIC
natural-language|?Basque|?euskara
language|?Batchfile|?bat|?batch|?dosbatch|?winbatch
tool|Bazel|buildtoolbazel
volunteering|Beach Cleanup
tool|Beats
language|?Beef
craft|Beekeeping
volunteering|Befriending
language|?Befunge
practice|Behavior-Driven Development|BDD|Behaviour-Driven Development
natural-language|?Belarusian|?беларуская мова
natural-language|?Bengali|?বাংলা
language|?Berry
tool|Bevy|bevy engine
language|B (Formal Method)
language|BibTeX Style
language|?Bicep
craft|Bicycle Repair|Bike Repair
tool|BigCommerce
practice|Big Data
database|BigQuery|Google BigQuery
practice|BIM|Building Information Modeling
tool|Bioconductor
practice|Bioinformatics
business|Biology
tool|Biome|biomejs
natural-language|?Bislama
language|?Bison
language|?BitBake
tool|Bitbucket|atlassianbitbucket
craft|Blacksmithing
framework|Blazor
tool|Blender
language|BlitzBasic|b3d|blitz3d|?blitzplus|?bplus
language|?BlitzMax|?bmax
practice|Blockchain
volunteering|Blood Donation Support
language|?Bluespec|bluespec bsv|?bsv
language|Bluespec BH|bluespec classic
language|?Boo
language|?Boogie
craft|Bookbinding
business|Bookkeeping
framework|Boost C++ Libraries
framework|Bootstrap
natural-language|?Bosnian|?bosanski jezik
tool|Bower
language|?BQN
volunteering|Braille
language|?Brainfuck
business|Brand Management|Branding
natural-language|?Breton|?brezhoneg
craft|Bricklaying
language|BrighterScript
language|Brightscript
tool|BrowserStack
business|Budgeting
tool|Buildkite
natural-language|?Bulgarian|?български език
framework|Bulma|bulmacss
tool|?Bun
natural-language|?Burmese|?ဗမာစာ
tool|Burp Suite
business|Business Administration
business|Business Analysis
business|Business Development
practice|Business Intelligence
business|Business Process Management|BPMN
business|Business Strategy|Strategic Planning
business|Business Writing
craft|Butchery
language|?C|C language|ANSI C
language|C#|CSharp|?cake|cakescript
language|C++|CPP|CPlusPlus
tool|C++ Builder
language|C2hs Haskell|c2hs
language|?C3
craft|Cabinet Making
practice|CAD|Computer-Aided Design
language|?Cadence
language|?Cairo|cairographics
language|?Cairo Zero
framework|CakePHP
office|Calendar Management
craft|Calligraphy
language|?CameLIGO
volunteering|Campaigning
tool|Camunda
language|?Cangjie
tool|Canva
framework|?Capacitor|capacitorjs
language|?CAP CDS|?cds
language|?Cap'n Proto
language|?Carbon|Carbon Language
craft|Carpentry
craft|Car Repair|Automotive Repair
language|?CartoCSS|?Carto
database|Cassandra|Apache Cassandra
natural-language|?Catalan|?Català
craft|Catering
tool|CATIA
framework|?Celery
tool|CentOS
tool|Ceph
tool|Cesium
language|Ceylon|eclipseceylon|ceylonlang
tool|?Chai
framework|Chakra UI
natural-language|?Chamorro|?Chamoru
business|Change Management
language|?Chapel|?chpl
language|?Charity
framework|Chart.js
natural-language|?Chechen|?нохчийн мотт
tool|Cheerio
cloud|?Chef
practice|Chemical Engineering
business|Chemistry
natural-language|?Chichewa
volunteering|Child Care
natural-language|?Chinese|?中文
tool|Chocolatey
language|?ChucK
natural-language|?Chuvash|?чӑваш чӗлхи
practice|CI/CD|Continuous Integration|Continuous Delivery|Continuous Deployment
tool|Cilium
tool|Cinema 4D
cloud|CircleCI
language|?Circom
language|?Cirru
tool|Cisco
volunteering|Citizen Science
cloud|Citrix
volunteering|Civic Engagement
tool|CiviCRM
practice|Civil Engineering
language|?Clarion
language|?Clarity|clarity-lang
language|Classic ASP|?asp
language|?Clean
practice|Clean Code
craft|Cleaning
language|?Click
database|ClickHouse
tool|ClickUp
business|Clinical Trials
tool|CLion
language|?CLIPS
language|Clojure
tool|ClojureScript
volunteering|Clothing Distribution
practice|Cloud Computing
tool|Cloudera
cloud|Cloudflare
tool|Cloudflare Workers
tool|Cloud Foundry
language|?Clue
language|CMake
practice|CNC Programming|CNC
soft|Coaching
language|COBOL
tool|CocoaPods
tool|CodeceptJS
tool|Codecov
framework|CodeIgniter
language|?CodeQL
practice|Code Review
language|CoffeeScript|coffee
business|Cold Calling
language|ColdFusion|?cfm|?cfml|coldfusion html
language|ColdFusion CFC|?cfc
soft|Collaboration
language|Common Lisp
language|Common Workflow Language|cwl
soft|Communication|Communication Skills
volunteering|Community Gardening
volunteering|Community Management
volunteering|Community Organizing|Community Organising
volunteering|Community Outreach|Outreach
business|Compliance
language|Component Pascal
tool|?Composer
practice|Computer Networking|Network Administration
craft|Computer Repair
practice|Computer Vision
tool|Comsol
tool|?Conan
tool|?Concourse
craft|Concrete Work
practice|Configuration Management
soft|Conflict Resolution
tool|Confluence|atlassianconfluence
volunteering|Conservation
cloud|?Consul|HashiCorp Consul
tool|containerd
tool|Contao
business|Content Creation
framework|Contentful
business|Content Marketing
business|Content Strategy
business|Contract Law
business|Contract Management
business|Controlling
practice|Control Systems
craft|Cooking
language|?Cool
business|Copywriting
tool|Cordova|Apache Cordova
framework|core-js
tool|CorelDRAW
natural-language|?Cornish|?Kernewek
business|Corporate Governance
office|Correspondence
natural-language|?Corsican|?corsu
craft|Cosmetics
database|Couchbase
database|CouchDB|apachecouchdb
volunteering|Counseling|Counselling
cloud|cPanel
volunteering|CPR
language|?CQL
tool|Craft CMS
craft|Crane Operation
tool|CrateDB
soft|Creativity|Creative Thinking
business|Credit Analysis
natural-language|?Cree|?ᓀᐦᐃᔭᐍᐏᐣ
volunteering|Crisis Counseling|Crisis Counselling
volunteering|Crisis Intervention
soft|Critical Thinking
business|CRM|Customer Relationship Management
natural-language|?Croatian|?Hrvatski
craft|Crochet
tool|CRYENGINE
practice|Cryptography
language|?Crystal|crystallang
language|?Csound|?csound-orc
language|Csound Document|?csound-csd
language|Csound Score|?csound-sco
language|CSS|CSS3|cascadingstylesheets3
framework|Cucumber|cucumberjs
framework|CUDA
language|?CUE
business|Curriculum Development
language|?Curry
business|Customer Service|Customer Support|Customer Care
business|Customer Success
language|?CWeb
practice|Cyber Security|Information Security|InfoSec
language|?Cycript
language|?Cypher
framework|?Cypress
language|?Cython|?pyrex
natural-language|?Czech|?čeština
language|?D|Dlang
framework|D3.js|D3
language|?Dafny
craft|Dancing
natural-language|?Danish|?Dansk
tool|?Dapr
language|?Dart|googledart
tool|?Dash
tool|Dask
language|?Daslang
practice|Data Analysis|Data Analytics
database|Databricks
cloud|Datadog
practice|Data Engineering
office|Data Entry
database|DataGrip
tool|Dataiku
practice|Data Mining
practice|Data Modeling|Data Modelling
practice|Data Science
practice|Data Structures
framework|DataTables
practice|Data Visualization|Data Visualisation
practice|Data Warehousing|Data Warehouse
language|?DataWeave
tool|DATEV
tool|DaVinci Resolve
language|DAX
database|DBeaver
tool|dbt
tool|Debian
soft|Decision Making
tool|DeepL
practice|Deep Learning
language|Delphi|Object Pascal|embarcadero
language|DenizenScript
tool|Deno
practice|Design Patterns
practice|Design Systems
office|Desktop Publishing
practice|DevOps
tool|Dgraph
language|?Dhall
tool|Dialogflow
language|DIGITAL Command Language|?dcl
business|Digital Marketing|Online Marketing
cloud|DigitalOcean
tool|Directus
volunteering|Disability Support
volunteering|Disaster Relief
tool|discord.js
tool|Discourse
practice|Distributed Systems
natural-language|?Divehi|?ދިވެހި
framework|Django|Django REST Framework|DRF
language|?DM|byond
practice|DNS
cloud|Docker
cloud|Docker Compose
language|Dockerfile|Containerfile
tool|?Doctrine
office|Document Management
tool|Docusaurus
language|Dogescript
volunteering|Dog Walking
tool|Dolibarr
practice|Domain-Driven Design|DDD
volunteering|Donor Relations
framework|.NET|.NET Core|.NET Framework
tool|Dovecot
tool|Doxygen
craft|Drawing
tool|?Drone
framework|Dropwizard
framework|Drupal
craft|Drywall
language|?DTrace|dtrace-script
database|DuckDB
business|Due Diligence
language|?Dune
natural-language|?Dutch|?Nederlands
tool|DVC|Data Version Control
tool|Dyalog APL
language|?Dylan
database|DynamoDB|Amazon DynamoDB
cloud|Dynatrace
natural-language|?Dzongkha|?རྫོང་ཁ
language|?E
language|?Earthly|?Earthfile
tool|EasyEDA
language|?eC
language|?ECL
language|?ECLiPSe
tool|Eclipse IDE
tool|Eclipse Jetty
tool|Eclipse Mosquitto
business|E-Commerce
business|Economics
tool|Ecto
language|?EdgeQL|?esdl
business|Editing and Proofreading|Proofreading
business|Education
language|?Eiffel
tool|EJS
database|Elasticsearch
volunteering|Elder Care|Elderly Care
business|E-Learning
volunteering|Election Observation
practice|Electrical Engineering
craft|Electrical Installation
craft|Electrical Wiring
framework|Electron|electronjs
practice|Electronics
craft|Electronics Repair
tool|Elementor
tool|Eleventy|11ty
language|Elixir|elexirlang
cloud|ELK Stack|Elastic Stack
language|?Elm|elmlang
language|?Elvish
language|Elvish Transcript
tool|Emacs|editingmacros
language|?Emacs Lisp|?cask|?eask|?elisp
business|Email Marketing
practice|Embedded Systems|Embedded Software
framework|?Ember|Ember.js
language|EmberScript
craft|Embroidery
volunteering|Emergency Response
soft|Emotional Intelligence
soft|Empathy
business|Employee Relations
natural-language|?English
framework|Entity Framework|EF Core|entity framework core
business|Entrepreneurship
volunteering|Environmental Education
business|Environmental Management
cloud|?Envoy|envoyproxy
language|?EQ
language|Erlang
tool|ERPNext
tool|esbuild
business|ESG
tool|ESLint
natural-language|?Esperanto
natural-language|?Estonian|?eesti
tool|etcd
tool|Ethereum
practice|Ethical Hacking
practice|ETL|Extract Transform Load|ELT
language|?Euphoria
practice|Event-Driven Architecture
business|Event Management|Event Planning
volunteering|Event Volunteering
natural-language|?Ewe|?Eʋegbe
tool|Excalidraw
framework|?Expo
framework|?Express|Express.js
language|?F*|?fstar
language|F#|FSharp
soft|Facilitation|Workshop Facilitation
business|Facility Management
language|?Factor
language|?Fancy
language|Fantom
craft|Farming
natural-language|?Faroese|?Føroyskt
framework|FastAPI
framework|Fastify
tool|Fastlane
tool|Fastly
database|FaunaDB|fauna
language|?Faust
framework|FeathersJS
tool|Fedora
language|?Fennel
tool|FFmpeg
framework|?Fiber|GoFiber
tool|Figma
natural-language|?Fijian|?vosa Vakaviti
framework|Filamentphp
language|Filebench WML
database|FileMaker|FileMaker Pro
tool|FileZilla
office|?Filing
language|Filterscript
tool|Final Cut Pro
business|Financial Accounting
business|Financial Analysis
business|Financial Modeling|Financial Modelling
business|Financial Planning
practice|Finite Element Analysis|FEA
natural-language|?Finnish|?suomi
database|Firebase|Firestore
database|Firebird
volunteering|Firefighting
practice|Firewalls
language|?FIRRTL
volunteering|First Aid
language|?fish
framework|?Flask
language|?Flix
craft|Flooring
craft|Floristry
language|?Fluent
tool|Fluentd
framework|Flutter
language|?Flux
tool|Flyway
tool|FMOD
volunteering|Food Bank Operations
volunteering|Food Distribution
business|Forecasting
craft|Forestry
tool|Forgejo
craft|Forklift Operation|Forklift Driving
language|?Forth
language|Fortran
language|Fortran Free Form
tool|Foundry Virtual Tabletop
language|?FPP
tool|?Framer
framework|Framer Motion
framework|Framework7
tool|Frappe
language|?FreeBASIC
tool|FreeBSD
tool|FreeCAD
language|FreeMarker|?ftl
language|?Frege
natural-language|?French|?Français
practice|Front-End Development|Frontend
natural-language|?Fula|?Fulfulde
practice|Full-Stack Development|Full Stack
practice|Functional Programming
volunteering|Fundraising
business|Fundraising Strategy
craft|Furniture Restoration
language|?Futhark
natural-language|?Galician|?galego
practice|Game Development
language|Game Maker Language
language|?GAML
language|?GAMS
natural-language|?Ganda|?Luganda
language|?GAP
craft|Gardening
framework|Gatling
framework|?Gatsby|gatsbyjs
tool|?Gazebo
tool|GCC|gnucompilercollection
language|GCC Machine Description
language|?G-code
tool|GDAL
language|?GDB
practice|GDPR|DSGVO|General Data Protection Regulation
language|?GDScript
language|?GDShader
practice|Generative AI|GenAI
language|Genero 4gl
language|?Genie
language|?Genshi|xml+genshi|xml+kid
tool|Gentoo
language|Gentoo Ebuild
language|Gentoo Eclass
practice|Geographic Information Systems|GIS
tool|GeoPandas
natural-language|?Georgian|?ქართული
natural-language|?German|?Deutsch
tool|Gerrit
language|?Gherkin
tool|?Ghost
tool|GIMP|GNU Image Manipulation Program
tool|?Gin
framework|?Gin Gonic
tool|Git
tool|GitHub
cloud|GitHub Actions
cloud|GitHub Codespaces
tool|GitHub Copilot
tool|GitKraken
tool|GitLab
cloud|GitLab CI|GitLab CI/CD
cloud|Gitpod|gitpod-io
craft|Glassblowing
language|?Gleam
language|?Glimmer JS|?gjs
language|?Glimmer TS|?gts
tool|Glitch
language|?GLSL
language|?Glyph
language|?Gno|?gnolang
language|?Gnuplot
language|?Go|Golang
framework|Godot|Godot Engine
tool|GoLand
language|?Golo
business|Good Clinical Practice
business|Good Manufacturing Practice|GMP
tool|Google Ads|AdWords|Google AdWords
tool|Google Analytics|GA4
tool|Google Apps Script
tool|Google Bigtable
cloud|Google Cloud|Google Cloud Platform|GCP
cloud|Google Cloud Run|Cloud Run
tool|Google Cloud Spanner
tool|Google Cloud Storage
cloud|Google Colab|googlecolaboratory
tool|Google Dataflow
tool|Google Dataproc
office|Google Docs
tool|Google Earth Engine
tool|Google Forms
cloud|Google Kubernetes Engine|GKE
tool|Google Maps
tool|Google Pub/Sub
tool|Google Search Console
office|Google Sheets
office|Google Slides
tool|Google Tag Manager
office|Google Workspace|G Suite
language|?Gosu
language|?Grace
tool|Gradio
tool|Gradle|apachegradle|gradlebuildtool
cloud|Grafana
framework|Grails|Grails Framework
language|Grammatical Framework
volunteering|Grant Writing
practice|Graphic Design
language|GraphQL
tool|Graylog
natural-language|?Greek|?Ελληνικά
language|?Groovy|groovylang|apachegroovy
language|Groovy Server Pages|?gsp|java server page
business|Growth Hacking
framework|gRPC|grpcio|Google Remote Procedure Call
tool|?Grunt|gruntjs
tool|GSAP|GreenSock Animation Platform
language|?GSC
tool|GStreamer
tool|GTK
natural-language|?Guaraní|?Avañe'ẽ
craft|Guitar
natural-language|?Gujarati|?ગુજરાતી
tool|?gulp|gulpjs
tool|Gunicorn
tool|Gurobi
tool|H2 Database
language|?Hack
framework|Hadoop|HDFS|MapReduce
craft|Hairdressing
natural-language|?Haitian|?Kreyòl ayisyen
framework|Handlebars|handlebarsjs
cloud|HAProxy
tool|Harbor
language|?Harbour
tool|Hardhat
language|?Hare
tool|Hashcat
language|Haskell
tool|Hasura
natural-language|?Hausa|?هَوُسَ
language|Haxe
database|HBase|Apache HBase
language|HCL|HashiCorp Configuration Language
tool|Headless UI
business|Healthcare Management
craft|Heating Installation
natural-language|?Hebrew|?עברית
cloud|?Helm|Helm Charts
practice|Help Desk
natural-language|?Herero|?Otjiherero
cloud|Heroku
cloud|Hetzner
tool|Hexo
framework|Hibernate
natural-language|?Hindi|?हिन्दी
language|?HIP
natural-language|?Hiri Motu
language|?HiveQL
language|?HLSL
language|?HolyC
tool|Home Assistant
tool|Homebrew
volunteering|Homeless Outreach
craft|Home Repair|Handyman
volunteering|Homework Help
tool|Hono
language|?hoon
tool|Hootsuite
tool|Hoppscotch
craft|Horticulture
volunteering|Hospice Care
business|Hospitality
volunteering|Hospital Visiting
tool|Hotjar
tool|?Houdini
language|HTML
tool|HTML5|hypertextmarkdownlanguage5
framework|htmx|html ui framework
tool|HubSpot
framework|Hugging Face|HuggingFace Transformers
framework|?Hugo|gohugo
business|Human Resources|HR
volunteering|Human Rights
natural-language|?Hungarian|?magyar
language|?Hurl
craft|HVAC
language|?Hy|?hylang
cloud|Hyper-V
language|?HyPhy
tool|i18next
cloud|IBM Cloud
database|IBM Db2|DB2
natural-language|?Icelandic|?Íslenska
tool|Icinga
practice|Identity and Access Management|IAM
language|?IDL
natural-language|?Ido
language|?Idris
business|IFRS
tool|IFTTT|ifthisthenthat
natural-language|?Igbo|?Asụsụ Igbo
language|?IGOR Pro|?igor
language|IL Assembly|?ilasm|?msil
practice|Illustration
language|ImageJ Macro|?ijm
language|?Imba
language|ImHex Pattern Language|?ImHex|?imhexpl
tool|Immer
practice|Incident Response
natural-language|?Indonesian|?Bahasa Indonesia
practice|Industrial Engineering
framework|Inertia.js
database|InfluxDB
language|Inform 7
tool|Informatica
practice|Information Architecture
practice|Infrastructure as Code|IaC
language|?Ink
tool|Inkscape
language|?Inno Setup
business|Inside Sales
tool|?Insomnia|Insomnia Rest Client
business|Instructional Design
business|Insurance
practice|Integration Testing
business|Intellectual Property
tool|IntelliJ IDEA|IntelliJ
practice|Interaction Design
tool|Intercom
soft|Intercultural Competence
natural-language|?Interlingua
natural-language|?Interlingue
soft|Interpersonal Skills
business|Interpreting
natural-language|?Inuktitut|?ᐃᓄᒃᑎᑐᑦ
natural-language|?Inupiaq
business|Inventory Management
business|Investment Banking
tool|InVision
business|Invoicing
language|?Io
language|?Ioke
framework|Ionic
tool|iOS
practice|IoT|Internet of Things
tool|IPFS
natural-language|?Irish|?Gaeilge
language|?Isabelle
language|Isabelle ROOT
practice|ISO 27001
language|?ISPC
cloud|Istio
natural-language|?Italian|?Italiano
practice|ITIL
language|?J
language|?Jac
tool|Jaeger
language|?Jai
framework|Jakarta EE|Java EE|J2EE
tool|Jamstack
language|?Janet
natural-language|?Japanese|?日本語
language|?Jasmin
tool|?Jasmine|jasminejs
language|?JASS|jass2
language|Java
natural-language|?Javanese|?basa Jawa
language|JavaScript|JS|ECMAScript|ES6|ES2015|Vanilla JS
language|JavaScript+ERB
language|Java Server Pages|?jsp
language|Java Template Engine|?jte
language|?JCL
tool|Jekyll|jestjs
cloud|Jenkins|hudson
framework|?Jest
tool|JetBrains|intellijsoftware
language|JetBrains MPS|?mps
framework|Jetpack Compose
craft|Jewelry Making|Jewellery Making
language|?JFlex
framework|JHipster
tool|Jira|Atlassian Jira
tool|Jira Align
language|?Jison
language|?Jison Lex
craft|Joinery
language|?Jolie
framework|Joomla
business|Journalism
framework|JPA|Java Persistence API
language|?jq
framework|jQuery|jqueryjs
language|JSON|JavaScript Object Notation
language|?JSONiq
language|?Jsonnet
tool|JSON Web Tokens
tool|JUCE
language|Julia|julialang
language|?Julia REPL
framework|JUnit
tool|Jupyter|Jupyter Notebook|JupyterLab
language|?Just|Justfile
cloud|K3s
tool|?k6|Grafana k6
tool|Kaggle
language|Kaitai Struct|?ksy
language|KakouneScript|?kak|?kakscript
natural-language|?Kalaallisut
tool|Kali Linux|kali
practice|Kanban
natural-language|?Kannada|?ಕನ್ನಡ
natural-language|?Kanuri
framework|?Karate
tool|?Karma|karmarunner|karmajs
natural-language|?Kashmiri|?कश्मीरी
natural-language|?Kazakh|?қазақ тілі
language|?KCL
tool|KDE neon
framework|Keras
language|KerboScript
tool|Keycloak
language|KFramework
natural-language|?Khmer|?ខេមរភាសា
cloud|Kibana
tool|KiCad
natural-language|?Kikuyu|?Gĩkũyũ
natural-language|?Kinyarwanda|?Ikinyarwanda
natural-language|?Kirundi|?Ikirundi
tool|Knative
database|Knex.js
tool|KNIME
craft|Knitting
framework|Knockout.js
tool|Koa
language|?Koka
language|KoLmafia ASH
natural-language|?Komi|?коми кыв
natural-language|?Kongo|?Kikongo
natural-language|?Korean|?한국어
language|Kotlin|kotlinlang
framework|Kraken.js|?kraken
language|?KRL
framework|Ktor
cloud|Kubeflow
cloud|Kubernetes|K8s
natural-language|?Kurdish|?Kurdî
natural-language|?Kwanyama|?Kuanyama
natural-language|?Kyrgyz|?Кыргызча
language|LabVIEW
language|?Lambdapi
framework|Laminas|Laminas Project|Zend Framework
craft|Landscaping
framework|LangChain
language|?Langium
volunteering|Language Teaching
natural-language|?Lao|?ພາສາລາວ
framework|Laravel
tool|Laravel Jetstream|jetstream
practice|Large Language Models|LLM|LLMs
craft|Laser Cutting
language|?Lasso|lassoscript
language|LaTeX
natural-language|?Latin|?latine
natural-language|?Latvian|?latviešu valoda
craft|Laundry
craft|Lawn Care
soft|Leadership
business|Lead Generation
tool|?Leaflet
practice|?Lean
language|Lean 4
practice|Lean Six Sigma|Six Sigma
craft|Leatherworking
business|Legal Research
language|?Leo
framework|?Less|lesscss
language|?Lex|?flex
tool|Lexware
language|?LFE
framework|libGDX
volunteering|Library Assistance
office|LibreOffice
volunteering|Lifeguarding
language|?LigoLANG
language|?LilyPond
language|?Limbo
natural-language|?Limburgish|?Limburgs
language|Linear Programming
natural-language|?Lingala
language|Linker Script
tool|Linux|GNU/Linux
tool|Linux Mint
database|Liquibase
language|Liquidsoap
language|Lisp
tool|?Lit
volunteering|Literacy Teaching
language|Literate Agda
language|Literate CoffeeScript|?litcoffee
language|Literate Haskell|?lhaskell|?lhs
natural-language|?Lithuanian|?lietuvių kalba
language|LiveCode Script
language|LiveScript
framework|Livewire|laravel-livewire
language|LLVM|Low Level Virtual Machine
language|?Lobster
practice|Localization
framework|Lodash
business|Logistics
language|?Logos
cloud|Logstash
language|?Logtalk
language|?LOLCODE
tool|Looker|Looker Studio|Google Data Studio
language|?LookML
language|LoomScript
tool|?LÖVE
language|?LSL
language|Lua|lualang
language|Luau
natural-language|?Luba-Katanga|?Kiluba
framework|Lumen|Laravel Lumen|Lumen Laravel|Laravel Lumen Framework
natural-language|?Luxembourgish|?Lëtzebuergesch
language|?M|?mumps
language|?M4
language|M4Sugar|?autoconf
language|Macaulay2
natural-language|?Macedonian|?македонски јазик
practice|Machine Learning|ML
craft|Machining
tool|macOS|Mac OS X
framework|Magento|Adobe Commerce
tool|Mailchimp
office|Mail Merge
language|?Makefile|?bsdmake|?make
language|?Mako
natural-language|?Malagasy|?fiteny malagasy
natural-language|?Malay|?Bahasa Melayu
natural-language|?Malayalam|?മലയാളം
natural-language|?Maltese|?Malti
business|Management Accounting
practice|Manual Testing
natural-language|?Manx|?Gaelg
natural-language|?Māori|?te reo Māori
tool|Mapbox
natural-language|?Marathi|?मराठी
database|MariaDB
language|Markdown
business|Marketing
business|Marketing Automation
business|Market Research
natural-language|?Marshallese|?Kajin M̧ajeļ
craft|Masonry
craft|Massage
framework|Materialize|materialize-css
language|Mathematical Programming System
business|Mathematics
language|MATLAB
tool|Matomo
framework|Matplotlib
tool|Mattermost
tool|Mautic
tool|Maven|Apache Maven|mvn
language|?Max|max/msp
language|?MAXScript
tool|?Maya
language|mcfunction
language|MDX
volunteering|Meal Preparation
practice|Mechanical Engineering
tool|MediaPipe
volunteering|Mediation
business|Medical Coding
business|Medicine
tool|Meilisearch
database|Memcached
soft|Mentoring
business|Merchandising
tool|Mercurial
language|?Mercury
business|Mergers and Acquisitions|M&A
tool|?Mermaid
language|?Meson
tool|Meta Ads|Facebook Ads
tool|Metabase
language|?Metal
craft|Metalworking
tool|Metasploit
framework|?Meteor|meteorjs
language|?MeTTa
framework|Micronaut
tool|MicroPython
practice|Microservices|Microservice Architecture
database|Microsoft Access|MS Access|?Access
cloud|Microsoft Azure|Azure
tool|Microsoft Dynamics 365|Dynamics 365|Microsoft Dynamics|MS Dynamics
office|Microsoft Excel|MS Excel|?Excel|Advanced Excel
office|Microsoft Office|MS Office|Office 365|Microsoft 365|M365
office|Microsoft OneNote|OneNote
office|Microsoft Outlook|MS Outlook|?Outlook
office|Microsoft PowerPoint|PowerPoint
office|Microsoft Project|MS Project
database|Microsoft SQL Server|SQL Server|MSSQL|msql
tool|Microsoft Teams|MS Teams
office|Microsoft Visio|Visio
office|Microsoft Word|MS Word|?Word
tool|MicroStrategy
tool|MikroTik
tool|Milvus
language|?MiniD
tool|MinIO
language|MiniScript
tool|Minitab
language|?MiniZinc
language|?Mint
office|Minute Taking
language|?Mirah
language|mIRC Script
tool|Miro
framework|Mithril.js
tool|Mixpanel
tool|MLflow
language|?MLIR
practice|Mobile Development|Mobile App Development
tool|MobX|mobxjs
framework|?Mocha
language|?Modelica
language|Modula-2
language|Modula-3
language|Module Management System
framework|MODX
language|?Mojo
framework|Moleculer|moleculerjs
tool|Monday.com
database|MongoDB|Mongo
natural-language|?Mongolian|?Монгол хэл
framework|Mongoose|mongoosejs
practice|Monitoring and Alerting
language|?Monkey
language|?Monkey C
tool|MonoGame
language|?Moocode
tool|Moodle
language|?MoonBit
language|MoonScript
practice|Motion Graphics|Motion Design
language|?Motoko
language|Motorola 68K Assembly|m68k
language|?Move
craft|Moving and Packing
language|MQL4
language|MQL5
tool|MQTT
language|?MUF
framework|MUI|Material-UI
framework|MuleSoft
soft|Multitasking
language|?mupad
volunteering|Museum Guiding
craft|Music Production
craft|Music Theory
language|?Myghty
database|MySQL|mystructuredquerylanguage
tool|n8n
tool|Nano|gnu-nano
language|?Nasal
language|?NASL
tool|NativeScript
tool|Nats|nats-io
practice|Natural Language Processing|NLP
natural-language|?Nauru|?Dorerin Naoero
natural-language|?Navajo|?Diné bizaad
language|?NCL
natural-language|?Ndonga|?Owambo
language|?Nearley
soft|Negotiation
language|?Nemerle
database|Neo4j
tool|Neovim
natural-language|?Nepali|?नेपाली
language|?nesC
tool|Nessus
framework|NestJS
tool|Netbeans
tool|NetBox
cloud|Netlify
language|?NetLinx
language|NetLinx+ERB
language|?NetLogo
tool|NetSuite
framework|NetworkX
practice|Neural Networks
language|?NewLisp
cloud|New Relic
tool|Nextcloud
language|Nextflow
framework|Next.js
cloud|Nginx
tool|ngrok
tool|NgRx
framework|NHibernate
language|?Nickel
language|?Nim|nimlang
language|?Nit
language|?Nix
tool|NixOS
language|?NMODL
framework|Node.js|?Node
tool|Nodemon|nodemonjs
tool|Node-RED
language|?Noir|?nargo
tool|?Nomad|HashiCorp Nomad
volunteering|Nonprofit Management
natural-language|?Northern Ndebele|?isiNdebele
natural-language|?Northern Sami|?Davvisámegiella
natural-language|?Norwegian|?Norsk
natural-language|?Norwegian Bokmål|?Norsk bokmål
natural-language|?Norwegian Nynorsk|?Norsk nynorsk
tool|Notepad++
tool|?Notion
tool|npm|npmjs|nodepackagemanager
language|NSIS
language|?Nu|?nush
tool|NuGet
tool|?Nuke
framework|NumPy
natural-language|?Nuosu|?ꆈꌠ꒿ Nuosuhxop
business|Nursing
language|Nushell|nu-script|nushell-script
tool|Nutanix
framework|Nuxt|Nuxt.js
tool|NW.js
language|?NWScript
tool|?Nx
practice|OAuth|OAuth 2.0|OAuth2
language|?Oberon
language|Objective-C|ObjC
language|Objective-C++|obj-c++
language|Objective-J|?obj-j
practice|Object-Oriented Programming|OOP|Object Oriented Design
language|ObjectScript
practice|Observability
tool|?Obsidian
tool|OBS Studio
language|OCaml
natural-language|?Occitan
business|Occupational Therapy
tool|?Octave
tool|Octopus Deploy
language|?Odin|odinlang
tool|Odoo
office|Office Administration|Administrative Support
office|Office Management
tool|Oh My Zsh|omz
natural-language|?Ojibwe|?ᐊᓂᔑᓈᐯᒧᐎᓐ
tool|Okta|okta developer
natural-language|?Old Church Slavonic|?ѩзыкъ словѣньскъ
tool|Ollama
language|?Omgrofl
language|OMNeT++ MSG|omnetpp-msg
language|OMNeT++ NED|omnetpp-ned
business|Onboarding
tool|ONNX
language|?ooc
language|?Opa
language|?Opal
framework|OpenAL
tool|OpenAPI
language|OpenCL
framework|OpenCV
language|OpenEdge ABL|?progress|?openedge|?abl
tool|OpenFaaS
framework|OpenGL|opengraphicslibrary
practice|OpenID Connect|OIDC
tool|OpenJDK
tool|Openlayers
office|OpenOffice
language|Open Policy Agent
tool|OpenProject
language|?OpenQASM
language|OpenRC runscript|?openrc
language|OpenSCAD
database|OpenSearch
cloud|OpenShift
practice|Open Source
tool|OpenSSL
cloud|OpenStack
tool|OpenStreetMap
tool|openSUSE
tool|OpenTelemetry|OTel
tool|OpenTofu|OpenTF
tool|OpenVPN
tool|OpenWrt
practice|Operating Systems
business|Operations Management
cloud|Oracle Cloud|OCI
database|Oracle Database|Oracle DB|?Oracle
tool|Oracle E-Business Suite
database|Oracle SQL Developer
business|Organizational Development
soft|Organizational Skills|Organisational Skills
natural-language|?Oriya|?ଓଡ଼ିଆ
natural-language|?Oromo|?Afaan Oromoo
framework|Ory
natural-language|?Ossetian|?ирон æвзаг
tool|Overleaf
language|OverpassQL
language|?OverPy|?opy
tool|OWASP
language|?Ox
language|?Oxygene
language|?Oz
language|?P4
framework|p5.js
cloud|?Packer
language|?Pact
tool|PaddlePaddle
tool|PagerDuty
craft|Painting
craft|Painting and Decorating
practice|Pair Programming
natural-language|?Pāli|?पाऴि
language|?Pan
framework|pandas
tool|Pandoc
natural-language|?Panjabi|?ਪੰਜਾਬੀ
language|?Papyrus
language|?Parrot
language|Parrot Assembly|?pasm
language|Parrot Internal Representation|?pir
language|?Pascal
natural-language|?Pashto|?پښتو
tool|Passport|passportjs
business|Patient Care
language|?Pawn
tool|Payload CMS
business|Payroll
practice|PCB Design
language|?PDDL
volunteering|Peer Support
language|?PEG.js
practice|Penetration Testing|Pentesting
tool|Penpot
tool|PeopleSoft
language|Pep8
tool|Perforce
business|Performance Management
business|Performance Marketing|SEM|Search Engine Marketing
practice|Performance Testing|Load Testing
language|Perl|cperl
natural-language|?Persian|?فارسی
cloud|pfSense
database|pgvector
framework|Phalcon
business|Pharmacovigilance
business|Pharmacy
framework|?Phoenix
framework|?Phoenix Framework
practice|Photo Editing
practice|Photography
language|PHP|PHP Hypertext Preprocessor|Personal Home Page|inc
tool|phpMyAdmin
tool|PhpStorm
business|Physics
business|Physiotherapy
craft|Piano
language|?PicoLisp
language|?PigLatin
language|?Pike
tool|Pimcore
database|Pinecone
tool|Pinia
office|Pivot Tables
framework|PixiJS
language|?Pkl
tool|PlanetScale
craft|Plastering
framework|Playwright
practice|PLC Programming|PLC
tool|Plotly
language|PL/pgSQL
language|PL/SQL
craft|Plumbing
tool|PM2
tool|pnpm|performant npm
tool|Podman
tool|?Poetry|python-poetry
language|PogoScript
language|?Polar
tool|Polars
business|Policy Analysis
natural-language|?Polish|?Polski
tool|Polygon
language|?Pony
cloud|Portainer
business|Portfolio Management
language|?Portugol
natural-language|?Portuguese|?Português
framework|PostCSS
database|PostgreSQL|Postgres|PSQL
tool|PostHog
tool|Postman
craft|Pottery
language|?POV-Ray SDL|?pov-ray
tool|Power Apps
tool|Power Automate|Microsoft Power Automate
tool|Power BI|Microsoft Power BI
language|PowerBuilder
language|Power Query
language|PowerShell|?posh|?pwsh
language|?Praat
tool|Preact
tool|?Prefect
soft|Presentation Skills|Presenting
tool|PrestaShop
database|?Presto
tool|?Prettier
business|Pricing Strategy
framework|PrimeNG
framework|Prisma
soft|Problem Solving
language|?Pro*C
business|Process Improvement
language|?Processing|processingpy
framework|ProcessWire
language|?Procfile
business|Procurement|Purchasing
practice|Product Design
business|Product Management
business|Product Ownership
business|Program Management|Programme Management
business|Project Management|PMP|PRINCE2
language|Prolog|swi-prolog
language|?Promela
cloud|Prometheus
language|Propeller Spin
business|Property Management
tool|Proteus
tool|Pro Tools
practice|Prototyping
framework|Protractor|protractorjs|protractortest
tool|Proxmox
business|Psychology
business|Psychotherapy
business|Public Administration
business|Public Relations
soft|Public Speaking
framework|?Pug|pugjs
cloud|Pulumi
cloud|?Puppet
tool|Puppeteer
language|?PureBasic
language|PureScript
tool|PuTTY
tool|PyCharm
tool|Pydantic
tool|PyPI|Python Package Index
language|?Pyret
framework|PyScript
framework|pytest
language|Python|py3|python3|rusthon
language|Python console|?pycon
framework|PyTorch
language|?q
language|Q#|?qsharp
tool|Qdrant
tool|QEMU
tool|QGIS
tool|Qiskit
tool|Qlik Sense|QlikView|Qlik
language|?QMake
language|?QML
framework|Qt
language|?Qt Script
language|?Quake
language|?QuakeC
business|Quality Management
tool|Qualtrics
practice|Quantum Computing
framework|Quarkus
framework|Quasar
natural-language|?Quechua|?Runa Simi
language|QuickBASIC|?qbasic|qb64|classic qbasic|classic quickbasic
tool|QuickBooks
language|?Quint
framework|Qwik
language|?R|R language|R programming|RStats|rlang|Rscript|splus
framework|RabbitMQ
language|?Racket
tool|RAD Studio
language|?Ragel|?ragel-rb|?ragel-ruby
cloud|Railway
language|?Raku|perl6
cloud|?Rancher
language|?Rascal
language|?RAScript
tool|Raspberry Pi|rpi
tool|?Ray
framework|?React|React.js
framework|React Bootstrap
tool|React Hook Form
tool|ReactiveX
framework|React Native
tool|React Navigation
tool|React Query
framework|React Router
volunteering|Reading Aloud
tool|Read the Docs
language|?REALbasic
business|Real Estate
practice|Real-Time Systems
language|?Reason
language|ReasonLIGO
language|?Rebol
office|?Reception
practice|Recommender Systems|Recommendation Systems
office|Records Management
business|Recruiting|Recruitment|Talent Acquisition
volunteering|Recycling
language|?Red|red/system
tool|Redash
language|?Redcode
tool|Red Hat
tool|Red Hat Enterprise Linux|RHEL
database|Redis|remotedictionaryserver
tool|Redmine
language|?Redscript
framework|Redux|reduxjs
tool|Redux-Saga
practice|Refactoring
volunteering|Refereeing
framework|Reflex
volunteering|Refugee Support
practice|Reinforcement Learning
framework|?Remix|remix.run
language|RenderScript
tool|Renovate
language|Ren'Py
volunteering|Repair Cafe
tool|Replit
practice|Requirements Analysis|Requirements Engineering
language|ReScript
practice|Responsive Design|Responsive Web Design
practice|?REST|REST API|RESTful APIs|?RESTful
volunteering|Restorative Justice
business|Retail
tool|Retool
tool|reveal.js
business|Revenue Management
language|REXX|?arexx
language|?Rez
language|?Rhai
tool|Rhinoceros
tool|Rider
language|?Ring
tool|RISC-V
business|Risk Management
language|Robot Framework
practice|Robotics
language|?Roc
database|RocksDB
tool|Rocky Linux|rocky
language|Rocq Prover|?coq|?rocq
tool|?Rollup|rollupjs
natural-language|?Romanian|?Română
natural-language|?Romansh|?rumantsch grischun
craft|Roofing
tool|ROS|robotoperatingsystem
language|?Rouge
language|RouterOS Script
language|?RPC|?rpcgen|?oncrpc|?xdr
language|?RPGLE|?ile rpg|?sqlrpgle
framework|RSpec
tool|RStudio
language|Ruby|rubylang|jruby|macruby|rake|rbx
tool|RubyMine
framework|Ruby on Rails|Rails|RoR
natural-language|?Russian|?Русский
language|?Rust|rustlang
framework|RxJS|Reactive Extensions for JavaScript
practice|?SAFe|Scaled Agile Framework
tool|?Sage|Sage 50
language|?Sail
business|Sales
tool|Salesforce|Salesforce CRM|SFDC
language|?Salt|?saltstate
cloud|SaltStack
practice|SAML
natural-language|?Samoan|?gagana fa'a Samoa
natural-language|?Sango|?yângâ tî sängö
tool|?Sanity
natural-language|?Sanskrit|?संस्कृतम्
tool|SAP|SAP ERP|SAP S/4HANA|S/4HANA
database|SAP HANA
natural-language|?Sardinian|?sardu
tool|SAS
framework|Sass|SCSS
craft|Scaffolding
language|Scala|scalalang
language|?Scenic
office|Scheduling
language|?Scheme
framework|scikit-learn|sklearn|scikit
language|Scilab
framework|SciPy
natural-language|?Scottish Gaelic|?Gàidhlig
tool|Scrapy
craft|Screen Printing
practice|Scrum
craft|Sculpture
tool|ScyllaDB
framework|SDL|simpledirectmedialayer
volunteering|Search and Rescue
language|?Sed
framework|Selenium|Selenium WebDriver
language|?Self
soft|Self-Motivation
tool|Semantic UI
tool|SEMrush
tool|?Sentry
practice|SEO|Search Engine Optimization|Search Engine Optimisation
framework|Sequelize|sequelizejs
natural-language|?Serbian|?српски језик
cloud|?Serverless
tool|ServiceNow
craft|Sewing
tool|shadcn/ui
language|?ShaderLab
tool|SharePoint|Microsoft SharePoint
language|ShellSession|bash session|?console
language|?Shen
natural-language|?Shona|?chiShona
framework|Shopify
cloud|Shopware
tool|Sidekiq
language|?Sieve
practice|Signal Processing
volunteering|Sign Language
practice|Simulation Modeling
tool|Sinatra|Ruby Sinatra
natural-language|?Sindhi|?सिन्धी
craft|Singing
practice|Single Sign-On|SSO
language|Singularity
natural-language|?Sinhala|?සිංහල
language|?SIP
tool|Sitecore
practice|Site Reliability Engineering|SRE
tool|?Sketch
tool|SketchUp
tool|?Slack
language|?Slang
language|?Slash
language|?Slice
natural-language|?Slovak|?slovenčtina
natural-language|?Slovenian|?slovenščina
language|?Smali
language|Smalltalk|?squeak
practice|Smart Contracts
language|?Smarty
language|?Smithy
language|?SmPL|coccinelle
language|?SMT
language|?Snakemake|?snakefile
database|Snowflake
tool|Snyk
practice|?SOAP
practice|SOC 2
business|Social Media Marketing
volunteering|Social Work
framework|Socket.io
practice|Software Architecture
practice|Software Testing|QA|Quality Assurance
tool|Solana
language|Solidity|soliditylang
framework|SolidJS
tool|SolidWorks
natural-language|?Somali|?Soomaaliga
tool|SonarQube|sonar
tool|Sonatype
practice|Sound Design
craft|Sound Engineering
volunteering|Soup Kitchen
tool|Source Engine
language|SourcePawn|?sourcemod
tool|Sourcetree
natural-language|?Southern Ndebele
natural-language|?Southern Sotho|?Sesotho
tool|spaCy
natural-language|?Spanish|?Español
language|SPARQL
tool|?Sphinx
database|SpiceDB
tool|?Spinnaker
cloud|Splunk
volunteering|Sports Coaching
office|Spreadsheets
framework|?Spring|Spring Framework|Spring MVC|Spring Cloud
framework|Spring Boot
tool|Spring Security
tool|SPSS|IBM SPSS
tool|?Spyder
language|?SQF
language|SQL|Structured Query Language
framework|SQLAlchemy
database|SQLite
language|?SQLPL
tool|Squarespace
language|?Squirrel
tool|SSH|secureshell
tool|SSIS|SQL Server Integration Services
tool|SSRS|SQL Server Reporting Services
tool|StackBlitz
craft|Stage Lighting
business|Stakeholder Management
language|?Stan
language|Standard ML|?sml
language|?Starlark|?bzl
tool|Stata
practice|Statistics|Statistical Analysis
framework|?Stencil
framework|Storybook|storybookjs
business|Storytelling
framework|Strapi
soft|Strategic Thinking
tool|Streamlit
soft|Stress Management
tool|?Stripe
practice|Structural Engineering
framework|styled-components
framework|?Stylus|styluslang
tool|Sublime Text
tool|Subversion|SVN|apachesubversion
volunteering|Suicide Prevention
natural-language|?Sundanese|?Basa Sunda
database|Supabase
language|SuperCollider
business|Supply Chain Management
database|SurrealDB
language|?SurrealQL|?surql
tool|SUSE
business|Sustainability
framework|Svelte|SvelteKit|sveltejs
framework|SVGO
tool|Swagger
natural-language|?Swahili|?Kiswahili
natural-language|?Swati|?SiSwati
language|?Sway
tool|SWC
natural-language|?Swedish|?Svenska
language|?Swift
framework|SwiftUI
language|?SWIG
framework|Swiper
framework|Symfony
tool|SymPy
practice|System Administration|Sysadmin
practice|Systems Engineering
tool|Tableau
language|?Tact
natural-language|?Tagalog|?Wikang Tagalog
natural-language|?Tahitian|?Reo Tahiti
craft|Tailoring
framework|Tailwind CSS|Tailwind
natural-language|?Tajik|?тоҷикӣ
tool|Talend
language|?Talon
tool|Talos
natural-language|?Tamil|?தமிழ்
tool|TanStack
language|?Tape|?vhs
natural-language|?Tatar|?татар теле
framework|Tauri
business|Taxation|Tax Law
language|Tcl|?sdc|?xdc
practice|TCP/IP
language|?Tcsh
volunteering|Teaching
language|?Teal
cloud|TeamCity
soft|Teamwork|Team Player
practice|Technical Documentation
practice|Technical Support|IT Support
practice|Technical Writing
tool|?Tekton
natural-language|?Telugu|?తెలుగు
tool|?Temporal
framework|TensorFlow
database|Teradata
language|?Terra
cloud|Terraform
cloud|Terramate
practice|Test Automation|Automated Testing
practice|Test-Driven Development|TDD
tool|Testing Library
tool|TestRail
tool|TeX
natural-language|?Thai|?ไทย
tool|The Algorithms
practice|Threat Modeling
framework|?Three.js
language|?Thrift
tool|Thymeleaf
natural-language|?Tibetan|?བོད་ཡིག
tool|TiDB
tool|Tidyverse
natural-language|?Tigrinya|?ትግርኛ
craft|Tiling
soft|Time Management
database|TimescaleDB|Timescale
tool|Tinkercad
language|?TI Program
tool|Titanium SDK
language|?TLA
language|?TL-Verilog
tool|tmux
language|?Toit
language|?Tolk
tool|Tomcat
natural-language|?Tonga|?faka Tonga
tool|TortoiseGit
office|Touch Typing
volunteering|Tour Guiding
business|Tourism
tool|Traefik|Traefik Proxy
cloud|Traefik Mesh
business|Training and Development
office|Transcription
business|Translation
office|Travel Management
cloud|Travis CI
business|Treasury Management
volunteering|Tree Planting
language|Tree-sitter Query|?tsq
craft|Tree Surgery
tool|Trello|atlassiantrello
database|Trino
tool|Trivy
tool|tRPC|Typescript Remote Procedure Call
craft|Truck Driving
natural-language|?Tsonga|?Xitsonga
language|T-SQL|Transact-SQL
natural-language|?Tswana|?Setswana
language|?TSX|typescriptreact
tool|Turbo
tool|Turborepo
language|?Turing
natural-language|?Turkish|?Türkçe
natural-language|?Turkmen|?Türkmençe
volunteering|Tutoring
natural-language|?Twi
tool|Twilio
language|?TXL
tool|Typeform
framework|TypeORM
language|TypeScript|TS
language|?TypeSpec|?tsp
tool|TYPO3
practice|Typography
language|Typst|typ
tool|Ubuntu
language|?ucode
practice|UI Design|User Interface Design|UI
framework|UIKit
tool|UiPath
natural-language|?Ukrainian|?Українська
framework|Umbraco
tool|UML|unified modeling language
tool|Underscore.js
business|Underwriting
language|Unified Parallel C
practice|Unit Testing
framework|?Unity|Unity3D
tool|Unix
language|Unix Assembly|?gas|?gnu asm|?unix asm
language|?Uno
framework|Unreal Engine|UE4|UE5|Unreal
language|UnrealScript
language|Untyped Plutus Core
craft|Upholstery
natural-language|?Urdu|?اردو
language|?UrWeb
practice|Usability Testing
business|US GAAP|GAAP
cloud|uWSGI|uwebservergatewayinterface
practice|UX Design|User Experience|UX|User Experience Design
practice|UX Research|User Research
natural-language|?Uyghur|?ئۇيغۇرچە‎
natural-language|?Uzbek|?Ўзбек
language|?V|vlang
framework|?V8|v8 engine
framework|Vaadin
cloud|Vagrant
language|Vala
cloud|?Vault|HashiCorp Vault
language|?VBScript
language|?VCL
tool|Vectorworks
tool|Veeam
tool|Veevalidate
craft|Vehicle Maintenance
natural-language|?Venda|?Tshivenḓa
business|Vendor Management
cloud|Vercel
language|Verilog|SystemVerilog
language|?Verse
practice|Version Control
framework|Vert.x|eclipsevertx
language|VHDL
practice|Video Editing
practice|Videography
natural-language|?Vietnamese|?Tiếng Việt
tool|Vim|viimproved|?Vim script|?viml|?nvim
tool|VirtualBox|Oracle VirtualBox
practice|Virtualization
practice|Virtual Reality
language|Visual Basic|VB.NET|Visual Basic .NET|VBA|Visual Basic for Applications|VB6|?vb .net|Visual Basic 6.0|visual basic 6|visual basic classic|classic visual basic
tool|Visual Studio
tool|Visual Studio Code|VS Code
framework|?Vite|vite.js
database|Vitess
framework|Vitest
cloud|VMware|vSphere|ESXi|vmwarevsphere
natural-language|?Volapük
language|?Volt
volunteering|Volunteer Management|Volunteer Coordination
volunteering|Volunteer Recruitment
practice|VPN
tool|VSCodium
framework|Vue.js|Vue
framework|Vuestorefront
framework|Vuetify
framework|Vulkan
framework|Vulkan API
language|Vyper|vyperlang
tool|Wagtail
natural-language|?Walloon|?walon
craft|Watchmaking
practice|Waterfall Model
language|?WDL|Workflow Description Language
craft|Weaving
tool|Web3.js
practice|Web Accessibility|WCAG|Accessibility
language|WebAssembly|WASM|wast
practice|Web Development
tool|Webex
tool|Webflow
tool|WebGL
framework|WebGPU
language|?WebIDL
tool|Weblate
framework|Webpack|webpackjs
tool|WebRTC
practice|Web Scraping
practice|WebSockets|WebSocket
tool|WebStorm
tool|Weights & Biases
craft|Welding
natural-language|?Welsh|?Cymraeg
natural-language|?Western Frisian|?Frysk
language|?WGSL
language|?Whiley
volunteering|Wildlife Monitoring
craft|Window Cleaning
tool|Windows Server
practice|Wireframing
tool|WireGuard
tool|Wireshark
language|?wisp
language|Witcher Script
tool|?Wix
tool|?Wolfram
language|Wolfram Language|mathematica|mma|wolfram lang
tool|Wolfram Mathematica
language|?Wollok
natural-language|?Wolof|?Wollof
framework|WooCommerce
craft|Woodworking
framework|WordPress
tool|Workday
soft|Work Ethic
framework|?WPF|Windows Presentation Foundation
language|?Wren|?wrenlang
language|X10|?xten
framework|Xamarin
tool|XAMPP
language|?xBase|?advpl|?clipper|?foxpro
language|?XC
tool|Xcode
tool|?Xero
natural-language|?Xhosa|?isiXhosa
language|?Xmake
language|XML|extensiblemarkuplanguage
tool|XMPP
language|?Xojo
language|?Xonsh
language|?XProc
language|?XQuery
language|?XS
language|XSLT|?xsl
language|?Xtend
language|?Yacc
language|YAML|YAML Ain't Markup Language
language|?YARA
tool|?Yarn
tool|Yarn package manager
natural-language|?Yiddish|?ייִדיש
framework|Yii|yesitis
natural-language|?Yoruba
volunteering|Youth Work
database|YugabyteDB
language|?Yul
tool|YunoHost
language|ZAP
tool|Zapier
language|?Zeek|?bro
framework|Zend
tool|Zendesk
language|?ZenScript
language|?Zephir
tool|Zeplin
natural-language|?Zhuang|?Saɯ cueŋƅ
language|?Zig|ziglang
tool|Zigbee
language|?ZIL
language|?Zimpl
tool|Zod
tool|Zoho CRM|Zoho
tool|?Zoom
tool|Zotero
tool|Zsh
tool|Zulip
natural-language|?Zulu|?isiZulu
framework|Zustand
`;
