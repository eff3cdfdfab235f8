import type { SkillKind } from "../../scoring/postings/skills/skill-kinds.ts";

/**
 * Skills that no package lists, written for this project: a name and its aliases a line. A question mark in
 * front of a name or alias marks a word that also means something else, so that free text names the skill
 * only in context.
 */
export const OWN_SKILLS: Readonly<Partial<Record<SkillKind, string>>> = {
  language: `
SQL|Structured Query Language
T-SQL|Transact-SQL
PL/SQL
PL/pgSQL
HTML|HTML5|HTML 5
CSS|CSS3|CSS 3
JavaScript|JS|ECMAScript|ES6|ES2015|Vanilla JS
TypeScript|TS
C#|CSharp|C Sharp
C++|CPP|CPlusPlus
F#|FSharp
?Go|Golang
?R|R language|R programming|RStats
?C|C language|ANSI C
Objective-C|ObjC|Objective C
Visual Basic|VB.NET|Visual Basic .NET|VBA|Visual Basic for Applications|VB6
ABAP|SAP ABAP
Bash|?Shell|Shell scripting|Bash scripting|Unix shell
PowerShell
COBOL
Fortran
MATLAB
Delphi|Object Pascal
?Assembly|Assembly language|Assembler
Verilog|SystemVerilog
VHDL
Solidity
GraphQL
YAML
JSON
XML
XSLT
LaTeX
Markdown
SPARQL
WebAssembly|WASM
HCL|HashiCorp Configuration Language
?Apex|Salesforce Apex
DAX
MDX
Prolog
Lisp|Common Lisp
?Scheme
Smalltalk
Tcl
AWK
?Sed
`,
  framework: `
.NET|.NET Core|.NET Framework|Dot Net
ASP.NET|ASP.NET Core|ASP.NET MVC
Entity Framework|EF Core
?WPF|Windows Presentation Foundation
Blazor
Node.js|?Node|NodeJS
?React|React.js|ReactJS
React Native
Next.js
Nuxt|Nuxt.js
Vue.js|Vue|VueJS
Angular|AngularJS|Angular.js
Svelte|SvelteKit
?Ember|Ember.js
?Backbone|Backbone.js
jQuery
?Express|Express.js|ExpressJS
NestJS|Nest.js
Spring Boot|SpringBoot
?Spring|Spring Framework|Spring MVC|Spring Cloud|Spring Security
Hibernate
Jakarta EE|Java EE|J2EE
JPA|Java Persistence API
JUnit
Django|Django REST Framework|DRF
?Flask
FastAPI
Ruby on Rails|Rails|RoR
Laravel
Symfony
CodeIgniter
WordPress
Drupal
Joomla
Magento|Adobe Commerce
Shopify
WooCommerce
TensorFlow
PyTorch
Keras
scikit-learn|sklearn
pandas
NumPy
SciPy
Matplotlib
OpenCV
Hugging Face|HuggingFace Transformers
LangChain
Bootstrap
Tailwind CSS|Tailwind|TailwindCSS
Sass|SCSS
Redux
RxJS
?Three.js
D3.js|D3
Electron
Ionic
Flutter
SwiftUI
UIKit
Jetpack Compose
Xamarin
?Unity|Unity3D|Unity 3D
Unreal Engine|UE4|UE5|Unreal
Godot
Qt
Boost C++ Libraries
CUDA
OpenGL
Vulkan API
gRPC
Apache Spark|PySpark|?Spark
Hadoop|Apache Hadoop|HDFS|MapReduce
Apache Kafka|Kafka
Apache Flink|?Flink
Apache Airflow|?Airflow
Apache Beam
?Celery
RabbitMQ
MuleSoft
?Jest
?Mocha
?Cypress
Playwright
Selenium|Selenium WebDriver
Cucumber
pytest
RSpec
Storybook
Webpack
?Vite
Babel
?Gatsby
Strapi
Contentful
Umbraco
?Phoenix Framework
Akka
Quarkus
Micronaut
Vert.x
?Gin Gonic
Actix
Prisma
SQLAlchemy
Sequelize
TypeORM
Mongoose
`,
  database: `
PostgreSQL|Postgres|PSQL
MySQL
MariaDB
SQLite
Microsoft SQL Server|SQL Server|MSSQL|MS SQL
Oracle Database|Oracle DB|?Oracle
MongoDB|Mongo
Redis
Elasticsearch|Elastic Search
OpenSearch
Cassandra|Apache Cassandra
DynamoDB|Amazon DynamoDB
Couchbase
CouchDB
Neo4j
InfluxDB
TimescaleDB
ClickHouse
Snowflake
BigQuery|Google BigQuery
Amazon Redshift|?Redshift
Teradata
IBM Db2|DB2
SAP HANA
Firebase|Firestore
Supabase
HBase
Apache Hive|?Hive
?Presto
Trino
Databricks
Memcached
Apache Solr|Solr
Microsoft Access|MS Access|?Access
FileMaker|FileMaker Pro
pgvector
Pinecone
`,
  cloud: `
Amazon Web Services|AWS
Microsoft Azure|Azure
Google Cloud|Google Cloud Platform|GCP
IBM Cloud
Oracle Cloud|OCI
Alibaba Cloud
DigitalOcean
Heroku
Vercel
Netlify
Cloudflare
Hetzner
AWS Lambda
Amazon EC2|EC2
Amazon S3|?S3
Amazon RDS|RDS
Amazon SQS|SQS
Amazon ECS|ECS
Amazon EKS|EKS
Amazon CloudFront|CloudFront
AWS CloudFormation|CloudFormation
AWS CDK
Azure DevOps
Azure Functions
Azure Active Directory|Azure AD|Entra ID|Microsoft Entra
Google Kubernetes Engine|GKE
Azure Kubernetes Service|AKS
Docker|Dockerfile
Docker Compose
Kubernetes|K8s
?Helm|Helm Charts
OpenShift
Terraform
Pulumi
Ansible
?Puppet
?Chef
SaltStack
Vagrant
?Packer
?Vault|HashiCorp Vault
?Consul
Istio
Nginx
Apache HTTP Server|Apache Web Server
HAProxy
Prometheus
Grafana
Datadog
New Relic
Splunk
ELK Stack|Elastic Stack
Logstash
Kibana
Jenkins
GitHub Actions
GitLab CI|GitLab CI/CD
CircleCI
Travis CI
TeamCity
Argo CD|ArgoCD
VMware|vSphere|ESXi
Hyper-V
OpenStack
?Serverless
Citrix
Active Directory
`,
  tool: `
Git
GitHub
GitLab
Bitbucket
Subversion|SVN
Jira|Atlassian Jira
Confluence
Trello
Asana
Monday.com
ClickUp
?Notion
?Slack
Microsoft Teams|MS Teams
?Zoom
Figma
?Sketch
Adobe XD
InVision
Miro
Zeplin
Adobe Photoshop|Photoshop
Adobe Illustrator|?Illustrator
Adobe InDesign|InDesign
Adobe Premiere Pro|Premiere Pro|Adobe Premiere
Adobe After Effects|After Effects
Adobe Lightroom|Lightroom
Adobe Acrobat|Acrobat
Adobe Creative Cloud|Adobe Creative Suite|Creative Suite
Final Cut Pro
DaVinci Resolve
Audacity
Blender
Autodesk Maya
3ds Max
Cinema 4D
AutoCAD
SolidWorks
Autodesk Revit|Revit
Autodesk Inventor
CATIA
SketchUp
ArcGIS|ESRI ArcGIS
QGIS
Tableau
Power BI|PowerBI|Microsoft Power BI
Looker|Looker Studio|Google Data Studio
Qlik Sense|QlikView|Qlik
SAS
SPSS|IBM SPSS
Stata
Minitab
RStudio
Jupyter|Jupyter Notebook|JupyterLab
Alteryx
Informatica
Talend
SSIS|SQL Server Integration Services
SSRS|SQL Server Reporting Services
dbt
Salesforce|Salesforce CRM|SFDC
HubSpot
Zoho CRM
Microsoft Dynamics 365|Dynamics 365|Microsoft Dynamics|MS Dynamics
SAP|SAP ERP|SAP S/4HANA|S/4HANA
Oracle E-Business Suite
NetSuite
Workday
PeopleSoft
ServiceNow
Zendesk
Intercom
Mailchimp
Google Analytics|GA4
Google Ads|AdWords|Google AdWords
Google Tag Manager
Meta Ads|Facebook Ads
Hootsuite
SEMrush
Ahrefs
Moodle
QuickBooks
?Xero
DATEV
Lexware
?Sage|Sage 50
Odoo
Postman
Swagger|OpenAPI
SonarQube
Maven|Apache Maven
Gradle
?Ant|Apache Ant
npm
Yarn package manager
Visual Studio
Visual Studio Code|VS Code
IntelliJ IDEA|IntelliJ
Eclipse IDE
Xcode
Android Studio
Vim
Emacs
Linux|GNU/Linux
Ubuntu
Debian
Red Hat Enterprise Linux|RHEL
CentOS
Unix
Windows Server
macOS|Mac OS X
Android
iOS
Arduino
Raspberry Pi
Wireshark
Burp Suite
Nessus
Metasploit
Zapier
UiPath
Power Automate|Microsoft Power Automate
Power Apps|PowerApps
SharePoint|Microsoft SharePoint
Canva
OBS Studio
Ableton Live
Pro Tools
CiviCRM
Discourse
`,
  practice: `
CI/CD|Continuous Integration|Continuous Delivery|Continuous Deployment|CICD
DevOps
Site Reliability Engineering|SRE
Agile|Agile Methodologies|Agile Development
Scrum
Kanban
?Lean
Lean Six Sigma|Six Sigma
?SAFe|Scaled Agile Framework
Waterfall Model
Test-Driven Development|TDD
Behavior-Driven Development|BDD|Behaviour-Driven Development
Domain-Driven Design|DDD
Object-Oriented Programming|OOP|Object Oriented Design
Functional Programming
Design Patterns
Clean Code
Code Review
Pair Programming
Refactoring
Software Architecture
Microservices|Microservice Architecture
Event-Driven Architecture
?REST|REST API|RESTful APIs|?RESTful
?SOAP
API Design|API Development
WebSockets|WebSocket
OAuth|OAuth 2.0|OAuth2
OpenID Connect|OIDC
SAML
Single Sign-On|SSO
Machine Learning|ML
Deep Learning
Artificial Intelligence|AI
Generative AI|GenAI
Large Language Models|LLM|LLMs
Natural Language Processing|NLP
Computer Vision
Reinforcement Learning
Neural Networks
Recommender Systems|Recommendation Systems
Data Science
Data Analysis|Data Analytics
Data Engineering
Data Modeling|Data Modelling
Data Warehousing|Data Warehouse
Data Visualization|Data Visualisation
Data Mining
Big Data
Business Intelligence
ETL|Extract Transform Load|ELT
Statistics|Statistical Analysis
A/B Testing
Algorithms
Data Structures
Distributed Systems
Embedded Systems|Embedded Software
Real-Time Systems
Operating Systems
Computer Networking|Network Administration
TCP/IP
DNS
VPN
Firewalls
Cyber Security|Cybersecurity|Information Security|InfoSec
Penetration Testing|Pentesting|Pen Testing
Ethical Hacking
Cryptography
Threat Modeling
ISO 27001
GDPR|DSGVO|General Data Protection Regulation
SOC 2
Identity and Access Management|IAM
Incident Response
Web Development
Front-End Development|Frontend|Front End
Back-End Development|Backend|Back End
Full-Stack Development|Full Stack
Mobile Development|Mobile App Development
Game Development
Responsive Design|Responsive Web Design
Web Accessibility|WCAG|Accessibility
SEO|Search Engine Optimization|Search Engine Optimisation
UX Design|User Experience|UX|User Experience Design
UI Design|User Interface Design|UI
UX Research|User Research
Usability Testing
Interaction Design
Wireframing
Prototyping
Information Architecture
Design Systems
Product Design
Graphic Design
Motion Graphics|Motion Design
3D Modeling|3D Modelling
Animation
Illustration
Typography
Photography
Photo Editing
Video Editing
Videography
Audio Editing
Sound Design
Software Testing|QA|Quality Assurance
Test Automation|Automated Testing
Manual Testing
Unit Testing
Integration Testing
Performance Testing|Load Testing
System Administration|Sysadmin
Technical Support|IT Support
Help Desk
ITIL
Cloud Computing
Virtualization
Infrastructure as Code|IaC
Configuration Management
Observability
Monitoring and Alerting
Version Control
Open Source
Technical Writing
Technical Documentation
Requirements Analysis|Requirements Engineering
Systems Engineering
Electrical Engineering
Electronics
PCB Design
Mechanical Engineering
Civil Engineering
Structural Engineering
Chemical Engineering
Industrial Engineering
Control Systems
PLC Programming|PLC
Robotics
IoT|Internet of Things
Signal Processing
Blockchain
Smart Contracts
Quantum Computing
Augmented Reality
Virtual Reality
Geographic Information Systems|GIS
Bioinformatics
CAD|Computer-Aided Design
BIM|Building Information Modeling
CNC Programming|CNC
Finite Element Analysis|FEA
Simulation Modeling
Web Scraping
Localization
`,
  soft: `
Communication|Communication Skills
Teamwork|Team Player
Leadership
Problem Solving
Critical Thinking
Time Management
Creativity|Creative Thinking
Adaptability
Conflict Resolution
Negotiation
Presentation Skills|Presenting
Public Speaking
Active Listening
Empathy
Decision Making
Emotional Intelligence
Mentoring
Coaching
Facilitation|Workshop Facilitation
Intercultural Competence
Organizational Skills|Organisational Skills
Attention to Detail
Analytical Thinking|Analytical Skills
Strategic Thinking
Collaboration
Self-Motivation
Work Ethic
Interpersonal Skills
Multitasking
Stress Management
`,
  business: `
Project Management|PMP|PRINCE2
Program Management|Programme Management
Product Management
Product Ownership
Portfolio Management
Stakeholder Management
Change Management
Risk Management
Business Analysis
Business Development
Business Strategy|Strategic Planning
Business Process Management|BPMN
Process Improvement
Operations Management
Supply Chain Management
Logistics
Procurement|Purchasing
Inventory Management
Quality Management
Vendor Management
Contract Management
Contract Law
Compliance
Corporate Governance
Legal Research
Intellectual Property
Human Resources|HR
Recruiting|Recruitment|Talent Acquisition
Onboarding
Performance Management
Employee Relations
Payroll
Training and Development
Organizational Development
Accounting
Bookkeeping
Financial Accounting
Management Accounting
Financial Analysis
Financial Modeling|Financial Modelling
Financial Planning
Budgeting
Forecasting
Controlling
Auditing
Taxation|Tax Law
IFRS
US GAAP|GAAP
Accounts Payable
Accounts Receivable
Invoicing
Treasury Management
Investment Banking
Asset Management
Insurance
Underwriting
Credit Analysis
Fundraising Strategy
Marketing
Digital Marketing|Online Marketing
Content Marketing
Email Marketing
Social Media Marketing
Performance Marketing|SEM|Search Engine Marketing
Marketing Automation
Growth Hacking
Brand Management|Branding
Market Research
Public Relations
Advertising
Copywriting
Content Creation
Content Strategy
Editing and Proofreading|Proofreading
Journalism
Storytelling
Sales
Inside Sales
B2B Sales|B2B
Account Management|Key Account Management
Lead Generation
Cold Calling
CRM|Customer Relationship Management
Customer Service|Customer Support|Customer Care
Customer Success
E-Commerce|Ecommerce
Retail
Merchandising
Event Management|Event Planning
Hospitality
Tourism
Real Estate
Property Management
Facility Management
Translation
Interpreting
Entrepreneurship
Business Writing
Business Administration
Due Diligence
Mergers and Acquisitions|M&A
Pricing Strategy
Revenue Management
Sustainability
ESG
Environmental Management
Policy Analysis
Public Administration
Pharmacovigilance
Clinical Trials
Good Manufacturing Practice|GMP
Good Clinical Practice
Medical Coding
Nursing
Patient Care
Healthcare Management
Pharmacy
Physiotherapy
Occupational Therapy
Psychology
Psychotherapy
Medicine
Biology
Chemistry
Physics
Mathematics
Economics
Education
Curriculum Development
Instructional Design
E-Learning
`,
  office: `
Microsoft Office|MS Office|Office 365|Microsoft 365|M365
Microsoft Excel|MS Excel|?Excel|Advanced Excel
Microsoft Word|MS Word|?Word
Microsoft PowerPoint|PowerPoint
Microsoft Outlook|MS Outlook|?Outlook
Microsoft OneNote|OneNote
Microsoft Visio|Visio
Microsoft Project|MS Project
Google Workspace|G Suite
Google Docs
Google Sheets
Google Slides
LibreOffice
OpenOffice
Pivot Tables
Spreadsheets
Data Entry
Touch Typing
?Filing
Minute Taking
Calendar Management
Travel Management
Office Management
Office Administration|Administrative Support
?Reception
Correspondence
Document Management
Records Management
Transcription
Mail Merge
Scheduling
Desktop Publishing
?Archiving
`,
  craft: `
Carpentry
Joinery
Woodworking
Cabinet Making
Plumbing
Heating Installation
HVAC
Electrical Installation
Electrical Wiring
Welding
Metalworking
Machining
Blacksmithing
Masonry
Bricklaying
Plastering
Tiling
Roofing
Flooring
Painting and Decorating
Drywall
Scaffolding
Concrete Work
Landscaping
Gardening
Horticulture
Lawn Care
Tree Surgery
Forestry
Farming
Beekeeping
Animal Husbandry
Cooking
Baking
Butchery
Catering
Barista Skills
Bartending
Sewing
Tailoring
Knitting
Crochet
Embroidery
Weaving
Upholstery
Leatherworking
Pottery
Glassblowing
Jewelry Making|Jewellery Making
Watchmaking
Bookbinding
Screen Printing
Calligraphy
Drawing
Painting
Sculpture
Furniture Restoration
Bicycle Repair|Bike Repair
Car Repair|Automotive Repair
Vehicle Maintenance
Forklift Operation|Forklift Driving
Truck Driving
Crane Operation
Home Repair|Handyman
Electronics Repair
Appliance Repair
Computer Repair
3D Printing
Laser Cutting
Hairdressing
Cosmetics
Massage
Floristry
Cleaning
Laundry
Window Cleaning
Moving and Packing
Guitar
Piano
Singing
Music Production
Music Theory
?Acting
Dancing
Stage Lighting
Sound Engineering
`,
  volunteering: `
Volunteer Management|Volunteer Coordination
Volunteer Recruitment
Community Organizing|Community Organising
Community Management
Community Outreach|Outreach
Fundraising
Grant Writing
Donor Relations
Nonprofit Management|Non-Profit Management
Advocacy
Campaigning
Civic Engagement
Social Work
Youth Work
Child Care|Childcare
Elder Care|Elderly Care
Disability Support
Refugee Support
Homeless Outreach
Crisis Intervention
Crisis Counseling|Crisis Counselling
Suicide Prevention
Peer Support
Counseling|Counselling
Tutoring
Teaching
Homework Help
Language Teaching
Literacy Teaching
Adult Education
Environmental Education
First Aid
CPR
Firefighting
Disaster Relief
Search and Rescue
Emergency Response
Lifeguarding
Sports Coaching
Refereeing
Animal Care
Animal Rescue
Dog Walking
Food Distribution
Food Bank Operations
Soup Kitchen
Meal Preparation
Community Gardening
Tree Planting
Beach Cleanup
Conservation
Wildlife Monitoring
Recycling
Repair Cafe|Repair Café
Clothing Distribution
Event Volunteering
Museum Guiding
Tour Guiding
Library Assistance
Reading Aloud
Befriending
Hospital Visiting
Hospice Care
Blood Donation Support
Sign Language
Braille
Mediation
Restorative Justice
Human Rights
Citizen Science
Election Observation
`,
};
