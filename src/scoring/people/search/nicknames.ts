import { soundKey } from "./sound-key.ts";

/** A given name and its nicknames. */
const GROUPS = `
aaron ron ronnie
abel abe
abigail abby abbie gail abbey nabby
abigale abby abbie gail abbey nabby
abner ab
abraham abe abram bram
adam ad addy
adela della addie
adelaide addie ada della heidi addy adele dell
adele addy dell
adeline addie ada della addy adie lena
adolph dolph
adrian ade rian
adrienne addie
agatha aggie
agnes aggie nessie nell
aileen lena allie
alan al
alanson al
alastair al
albert al bert bertie albie
alberta allie bertie berta
alejandro alex ale jandro
aleksander alek olek alex
aleksandra ola sasha alex
alessandra alex sandra
alessandro alex sandro ale
alexander alex al alec lex sandy xander zander sasha aleks lexi
alexandra alex lexi lexie sandra sandy sasha alexa ali allie xandra alla
alexandre alex alexis
alexandria alex lexi drina ali sandra
alexis alex lex lexi
alfonse al
alfonso al alf fonzie fonso
alfred al alf alfie fred freddie
alfreda freda freddie frieda
algernon algy
alice ali allie elsie
alicia ali allie lisha
aline adeline
alison ali allie al
alistair al ali alasdair
allan al
allen al
allison ali allie al ally
allyson ally ali al
almira myra
alonzo lon lonnie al
alyssa lyssa ali
amanda mandy manda mandi
ambrose brose
amelia amy millie mel emmy
anastasia ana stacy stacey tasia nastya stasia asya
anatoly tolya
anderson andy
andrea andie andy dea
andreas andy andi
andrei andy andriy andryusha
andrew andy drew andie andi
andrzej jedrek
angela angie ange angel
angelica angie angel angelique
angelina angie lina
ann annie nan nancy nanny
anna ann annie anya ania anja anne nan annushka
annabel annie bella belle
annalise annie lisa
anne annie ann nan
annette annie nettie anna
anthony tony ant anton
antoinette toni nettie netta ann
anton tony toni antek
antonia toni tonia tosia ann netta
antonio tony toni antonino nino tonio
arabella bella belle ara
arabelle belle bella ara
archibald archie baldie arch
arielle ari arie
arlene lena
arnold arnie arno
artem tyoma
arthur art artie
ashley ash lee
aubrey bree
audrey dee
august gus augie auggie
augusta gussie aggie tina aggy
augustina gussie tina
augustine gus augie austin
augustus gus augie august austin
aurelia rilla ora
barbara barb barbie babs bobbie basia varya bab
barnabas barney
bartholomew bart barty bat bartel
bartosz bartek
beatrice bea trixie bee beattie trix tris
beatrix bea trixie trix
belinda bel linda lindy belle
benedict ben benny bennie
benjamin ben benny benji benjy bennie benj
bernadette bernie detta
bernard bernie barney bernd berney berny
bernhard bernd bernie
bertha bertie birdie bert
bertram bert bertie
bertrand bert bertie
bethany beth
beverly bev
boris borya
bradford brad ford
bradley brad
brandon bran brandy
brenda bren brandy
brian bri bry bryant
brianna bri anna
bridget biddy bridie birdie
brigitte gitte gitta
brittany britt brit
brittney britt brit
broderick rick brady ricky brody rod
bronislaw bronek
bronwyn bron
bryanna bri anna
caitlin cait cate kate caity
caitlyn cait kate
caleb cal
california callie
calista callie
calvin cal vin vinny
cameron cam cammy ron ronny
camille cam cammie millie
campbell cam
candace candy candi dacey
carl charlie karl
carla carly
carlos charlie carlitos
carlotta lottie lotta
carlton carl
carmen carmie
carol caz carrie cassie kari kara
caroline carrie carol caro lina caz callie cassie lynn carole
carolyn carrie carol lynn cassie
casimir kaz
cassandra cass cassie sandra sandy
cassidy cass cassie
catalina cata lina
catherine cathy cate cat cath kate kitty katie kathy casey cassie katy kay kit lena trina
cathleen cathy kathy katie casey cassie katy kay kit lena trina
cecil cece
cecilia cece celia cissy cecily
cedric ced rick ricky
celeste lessie celia
celinda linda lindy
charity cherry chattie
charles charlie chuck chas chaz charley chip chick chuckie charly
charlotte charlie lottie lotte char carly lotta sherry
chelsea chels
cheryl cher sherry
chester chet ches
chloe clo
christa chris
christian chris christy kit
christiana chris kit tina ann christy kris kristy
christiane chris christa
christina chris chrissy tina christy kris kristy
christine chris chrissy tina christy christie kris kristy
christoph chris stoffel
christopher chris kit topher kris christy crist
claire clare clary clara
clara clare clarrie
clarence clare clarry clair
clarinda clara
clarissa clare clara cissy
claudia claudie dia claud
clayton clay
clement clem
clementine clem clemmie
clifford cliff ford
clifton cliff
clinton clint
conrad con connie conny
constance connie
constantine con dino kostas
cordelia cordy delia
corey coco
corinne cora cory
cornelia nell nelly connie corrie corny nelia
cornelius neil con corny niel
courtney court curt
crystal crys christy chris tal
curtis curt
cynthia cindy cyn cindi cintha
cyril cy
cyrus cy
dalton dahl dal
daniel dan danny dani daniil dannie
daniela dani ela dana
danielle dani danny elle ellie
danuta danka
daphne daph
darlene dar lena
darrell darry
david dave davy davie dai davey
deanne dee ann
debora deb debbie debby
deborah deb debbie debby
debra deb debbie debby
deidre dee
deirdre dee
delbert del bert
delia dee
delilah lila della dell lil
delores lola lolly dee della
delphine del
dennis den denny
dennison denny dennis
derek del rick
derrick derry rick ricky eric
desmond des desi dez
diana di didi dicey
diane di didi
diego santiago
dieter didi
dmitry dima mitya dimitri
dolores lola dolly lolita
dominic dom nick nicky
dominick dom nick nicky
dominik dom nik domi
dominique dom nikki
donald don donny donnie dony
donato don
donovan don donnie
dorinda dora dori
doris dora dodie
dorothea dora dorothy thea dortha
dorothy dot dottie dolly dora dodie thea dotty
douglas doug dougie
dragan gagi
drusilla dru silla
duncan dunc
dunstan dun
dwayne wayne
dwight ike
earnest ernie
ebenezer eb eben
edgar ed eddie
edith edie edy
edmond ed eddie
edmund ed eddie ned ted
edna eddie
eduard edi ed
eduardo eddie edu lalo
edward ed eddie ted ned teddy neddy eddy teddie
edwin ed eddie win eddy ned
edwina edie winnie
edythe edie
egbert bert
eileen helen lena
ekaterina katya katia
elaine lainie helen
elbert bert elbie
eldora dora
eleanor ellie nell nora nelly ella elly lennie elaine ellen lenora lana
elena lena nora
eleni leni
eleonora nora lola
elias eli lee
elijah eli lige
elisa lisa
elisha eli lish
eliza liza liz lizzie
elizabeth liz lizzie beth betty eliza lisa bess bessie betsy libby lisbeth elsie ellie lizbeth liza babette elisa betsey elise libbie lizzy tess tetty lilibet elspeth bettie lilly
ella ellie
ellen ellie nell nelly
elliot eli el
elmira mira ellie elly
elnora nora
eloise ellie lois
elvira elvie vira
elwood woody
elysia lisa
elzbieta ela
emanuel manny manu
emeline emmy emma emily millie
emil em
emilia emi mila emmy milka
emily em emmy millie emmie mel
emma em emmy
enrique quique kike rick
ephraim eph
eric rick ricky
erica ricki rikki
erich erik
ernest ernie
ernestine erna teeny tina ernie
ernesto neto ernie
erwin win
esmeralda esme
estella essy stella
estelle essy stella
esther essie hester etty
ethan eth
eudora dora
eugene gene
eugenia genie gena
eunice nicie
euphemia effie
eustace stacy
eva evie eve
evangeline eva angie evie ev evan van
evelyn eve evie lyn ev evelina
evgeny zhenya
ezekiel zeke
ezra ez
faith fay
federico fede fred rico
felicia fel licia feli
felicity fliss flick lissy
felix fee
ferdinand ferdie fred nando
ferdinando nando ferdie
fernando nando fer ferdie
fidelia delia
filippo pippo
flora flo florrie
florence flo flossie florrie flora
frances fran frannie francie fanny frankie cissy fannie
francesca fran frankie cesca chessie
francesco franco checco cesco frank
francine fran frannie fanny
francis frank fran frankie
francisco paco pancho frank cisco curro
franciszek franek
francois fran frank
frank frankie
franklin frank frankie fran
franklyn frank
franz franzl franzi
franziska franzi ziska
fred freddie freddy
freda fred freddie
frederica freddie rica erica erika
frederick fred freddie freddy fritz rick erick derick ricky
fredericka freda ricka freddie
frieda fred freddie
friedrich fritz fred friedel
gabriel gabe gaby gabi gabby
gabriela gaby gabi ela
gabriella gabby ella bella
gabrielle gabby gabe elle gaby ella
galina galya
gareth gary gaz
garrett gary rhett gare
gavin gav
genevieve gen jenny viv evie eve jean
geoffrey geoff jeff
georg schorsch
george georgie geordie
georgia georgie gia
georgiana georgie
georgina georgie gina
gerald gerry jerry
geraldine gerry geri gerri gerrie jerry dina
gerard gerry jerry
gerhard gerd gert
gertrude gertie trudy trude gert trudie
giacomo mino
gilbert gil bert wilber
gillian gill jill
giorgos yorgos
giovanni gianni vanni nino gio
giuseppe peppe beppe pino
giuseppina pina giusy
glenn glen
gloria glo glory
godfrey jeff
gordon gordy
grace gracie
graham gray
grant grantie
gregor greg
gregory greg gregg
greta gretel
gretchen greta
grigory grisha
griselda zelda
grzegorz grzes
guadalupe lupe lupita
guillermo memo willy guille
gunther gunter
gustav gus
gustavo gus tavo
gustavus gus
gwendolyn gwen wendy gwennie gwenny
hailey hal
hannah hanna annie nan nanny
hans hansi
harold hal harry hap
harriet hattie harry hatty
harrison harry hap
harry hal
harvey harv
heather hettie
hedwig hedy heda
heinrich heinz heiner hein
helen nell nellie lena ellen ella
helena lena nell helen eileen elaine
helene leni lena ella ellie
helga helgi
heloise lois
henrietta etta hattie hettie henny retta nettie
henriette henni jette
henry hank harry hal hen hap
henryk heniek
herbert herb bert herbie
herman herm hermie manny dutch
hermione hermy hermie
hester hettie essie
hezekiah hez
hilary hil hillie
hildegard hilde hilda
hiram hy
honora nora norah honey
horace horry
hortense tensey
howard howie hal
hubert hugh hubie bert hub
hugh hughie huey
hugo hugh
humphrey humph
ian iain john
ignacio nacho ignace
ignatius iggy
igor gosha
ilya ilyusha
immanuel manny manuel
ines nes
inga inge
ingeborg inge inga
ingrid inge
irene rene renie
irina ira
irma irmi
irmgard irma irmi
irvin irv
irving irv
irwin erwin
isaac ike zac izzy
isabel bel izzy bella isa belle ib tibbie
isabella bella izzy isa belle izzie ib tibbie
isabelle izzy belle isa bella
isadora izzy dora
isadore izzy dora
isaiah ike zay
isidore izzy dora
ivan vanya ives
jacek jacus
jack jackie
jackson jack
jacob jake jay cob kobe
jacqueline jackie jacqui jack
jakob jake kobi
jakub kuba
james jim jimmy jamie jem jay jimmie
jan janek jasiu
jane janie jenny jan jean jessie
janet jan jenny jessie
janice jan
jannett nettie
janusz janek
jasmine jas jazz jasmin
jason jay jase
jasper jas
javier javi
jayme jay
jean jeanie
jeanette jean nettie jeannie netta jessie
jedediah jed
jedidiah jed diah
jefferey jeff
jefferson jeff
jeffery jeff
jeffrey jeff
jemima jem mima
jennifer jen jenny jenn jenna jennie
jeremiah jerry jem
jeremy jem jerry jez
jerita rita
jerome jerry
jerzy jurek
jessica jess jessie
jessie jess
jesus chuy chucho suso
jill jilly
jillian jill
joachim jo achim jochen
joan joanie
joann jo
joanna jo anna asia joasia jody joan
joanne jo annie
joao jo joca
jocelyn joss lyn joy
johann hans jo johnny john
johanna jo hanna hanne
johannes hans hannes jo johan john johnny
john johnny jack jackie jon jock
johnathan john johnny
johnathon john johnny
jon johnny
jonas jon joe
jonathan jon jonny nathan johnny jonty nat
jordan jordy jory
jorg jogi
jorge coque
jose pepe joe chepe pepito
josef sepp josi beppo
josefa pepa
josefina fina pepa josie
joseph joe joey jo jody jos
josephine jo josie josey fina jody joey
joshua josh joe jos
josiah jos joe
joyce joy
jozef jozek joe
juan juanito johnny
juana juanita
juanita nita nettie
judah jude
jude judy
judith judy jude judi
judson jud jude
julia julie jules jule julka
julian jules jul
juliana julie jules
juliane jule
julie jules
juliet jules julie
julio jules
julius jules
june junie
junior june jr
jurgen jogi
justin jus justus
justine tina
kaitlin kait kate
kaitlyn kait kate
kaitlynn kait kate
karen kaz
karin kari
karl charlie kalle
karolina karo lina
karoline karo lina
katarina kata rina katja tina kat
katarzyna kasia kaska
kate katie kat
katelin kate kay
katelyn kate kay
katharina kathi kati katja rina
katharine kathy kate katie kay kat kit
katherine kathy kate katie kay kat kit kitty kath katy kathie kathi kitsy cathy lena cassie trina
kathleen kathy kate kath katie kay cassie cathy katy kit lena trina
kathryn kathy kate katie kat kath kay
katia kate
katrina kat kate trina
kayla kay
kazimierz kazik
keith keef
kelly kel
kelvin kel
kendall ken kenny
kendra kenna kendy kay
kendrick ken kenny rick
kenneth ken kenny kendrick
kent kenny
kerstin kersti
kevin kev
kieran kier
kimberley kim kimmy
kimberly kim kimmy kimber
kingsley king
kirsten kirsty kirstie
klara klari
klaus klausi
konrad kon conny kurt
konstantin kostya
konstantinos kostas dinos
kristen kris kristy chris
kristian kris
kristin kris kristy chris
kristina kris tina kristy
kristine kris tina chris christy
kristofer kris
kristoffer kris
kristopher kris chris topher
krystyna krysia
kyle ky
kymberly kim kimmy
larissa lara lari
larry lars
laura laurie lolly lori
laurel laurie
lauren laurie ren
laurence larry laurie lon lonny lorne
laurinda laura
laverne vern verna
lavina viney vina ina
lavinia vinnie vin vina ina
lavonne von
lawrence larry laurie lawrie lorry lon lonny lorne lars
lazarus laz
leah lee
leanne lee ann annie
leilani lani
lemuel lem
lena ellen
lenora lee nora
leonard leo len lenny leon
leonardo leo leon nardo
leonid lyonya
leonidas lee leo
leonie leo
leonora nora leo nell nellie
leonore honor nora
leopold leo poldi pold
leroy roy lee
lesley les
leslie les lee
lester les
letitia lettie tish titia
lettice letitia
levi lee
lewis lew lewie
liesbeth lies
lieselotte lilo lotte
lilian lil lily lili
liliana lili ana
lillian lil lily lillie lilly lolly
lincoln link
linda lindy lin lynn
lindsay lin
lionel leo leon
lois lou louise
lorelei lori laurie
lorenzo renzo enzo loren
loretta etta lori retta
lorraine lori rainey lorie
louis lou louie lewis
louisa lou lulu
louise lou lulu eliza
lourdes lulu
lucas luke luca
lucia lucy lu
lucian lu
lucias luke
lucille lucy lu lucie cille lou
lucina sinah
lucinda lucy cindy lou
lucretia lu creasy
lucy lu lulu
ludmila lyuda mila
ludwig lutz wiggerl
luella lula ella lu
luis lucho lou
luisa lu isa
lukas luke
lukasz luke lukaszek
luther lu luke
lydia lyddie
lyndon lindy lynn
lyudmila lyuda mila
mabel mab
mackenzie mac kenzie kenzy mack
madeleine maddie mads maddy
madeline maddie mads maddy lena madge maggie madie
madelyn maddie mads maddy
madison maddie mads
magdalena magda lena maggie
magdalene magda lena
mahala hallie
makayla kayla
malcolm mal malc mac
malgorzata gosia malgosia
malinda lindy linda
manerva minnie eve
manfred manni fred
manuel manny manu manolo
manuela manu ela
marcel marc
marcia marcie
marcus marc mark
margaret maggie meg peggy marge margie peg greta daisy meggie mags margo rita madge meta midge maisie mysie margot gretta maggy margery pegi
margarete grete greta gretel
margarethe grete greta gretel
margaretta maggie peggy rita marge greta
margarita rita margo marga meg maggie daisy peggy
marguerite margo daisy rita peggy maggie meg
maria mary mia ria maja mitzi marie mari molly
mariah mary
marian mary
mariana mari ana
marianne mary anne mari
marie mimi mitzi
marietta mariah mercy polly mamie maria marie minnie mollie etta
marilyn mary lyn
marina rina
marion mary
marissa rissa
marjorie marge margie jorie
mark markie
markus mark
marlene lena marla
marsha marcie
marta marty
martha marty mattie patty marthy mat patsy
martin marty mart
martina tina marty
marvin marv
mary molly polly mamie may mae mitzi mimi
maryann mary ann
mateo teo
mateusz mati
mathew matt mattie mat
mathilda tilly matty tilda tillie patty
mathilde tilda hilde
matilda tilly matty tilda mattie maud tillie
matteo teo
matthew matt matty matthias thias
matthias matt matze hias
mattias matt
maud middy
maureen mo mary
maurice mo moe morrie morey
maxim max
maximilian max maxi maximus
maximiliano max
maxine max
maxwell max
mckenna ken kenna
megan meg
meghan meg
mehitabel hetty mitty mabel
mehmet memo
melanie mel mellie
melinda mel mindy linda lynn
melissa mel missy lissa lisa milly
melody mel lody lodi
melvin mel
melvina mel
mercedes merche mercy sadie merci
meredith merry
mervin merv
mervyn merv
micajah cage
michael mike mick mickey mikey mitch micky mickie micah
michaela mickey kayla micki
michail misha
michal michalek
micheal mike mick
michel mich
michele micky
michelle shelly mich mickey chelle shelley shellie
miguel mike migue
mihail misha mihai
mikael mike micke
mikhail misha
mildred millie milly
milena mila lena
millicent millie missy milly
minerva minnie
miranda mandy randy mira randi
miriam mim mimi miri mitzi mitzie
mitchell mitch
mohammad mo mohamed
mohammed mo mohamed
moira mo
monica mona moni monna
monika moni mona
montgomery monty gum monte
morgan mo
morris mo morrie morey
mortimer mort morty
moses mo moe
muhammad mo mohamed
muriel mury mur
myron ron
myrtle myrt mert
nadezhda nadia nadya
nadine nada deedee
nancy nan nance
naomi nomi
napoleon leon nap
natalia natasha talia nat natka
natalie nat nattie talia
natalya natasha
natasha tasha nat
nathan nate nat
nathaniel nate nat nathan than natty
neil nelly
nelson nels
newton newt
nicholas nick nicky nico klaus cole nicolas nic claes nickie
nicholette nicky
nicodemus nick nicky
nicola nicky nikki
nicolas nick nico
nicole nicky nikki nic nicki nole
nicoletta nicky letta
nikita nik
niklas nik nick
nikola niko
nikolai kolya nick niko
nikolaos nikos
nikolas nick nik
nikolaus niko klaus nick
nikole nikki
nina nin
noah noe
noel noelle
nora norrie nonie
norbert bert nobby norby
norma normie
norman norm
obadiah obie
octavia tavy tavia
octavius tavy
odell dell
olga olya
olive livia ollie
oliver ollie olly oli noll
olivia liv livvy olive ollie
olivier oli
orlando lando roland
oscar ozzie
oswald ozzie oz waldo
oswin ozzie
otis ode
otto otti
pablo pablito
pamela pam pammy pammie
paola paolina
parmelia amelia milly
patience pat patty
patrice pat patty
patricia pat patty tricia trish patsy tish patti trisha
patricio pato
patrick pat paddy rick patsy peter
paul paulie pauly
paula paulie polly
paulina paula lina
pauline polly paula
pavel pasha
pawel pawelek
penelope penny pen nell
percival percy
peregrine perry
perry per
persephone percy sephie seph
peter pete petey pate
petra pet
petronella nelly petra nellie nell
petros pete
philander phil
philip phil pip flip
philipina phoebe pip
philippa pippa pip
phillip phil pip
philomena phil mena
phoebe phebe fifi
phyllis phyl
pilar pili
piotr piotrek
polina polya
prescott scott
preston pres
priscilla cilla prissy cissy
providence provy
prudence prue prudy
quentin quent
quincy quin
rachel rach rae shelly rachael
rafael rafa rafe
rafal rafalek
raimund mundi
ramona mona
randall randy
randolph randy dolph rand dolly
raphael raph rafe rafa ralph
raymond ray rae
rebecca becca becky becks beck reba becki
regina gina reggie
reginald reg reggie rex naldo renny
reinhard reini hardy
reinhold reini
renata rena
renate reni nate
rene ren
reuben rube ben
rhoda rodie
rhonda ron
ricardo rick ricky rico
richard rick dick rich richie ricky dickie
rita reet
robert rob bob bobby robbie bert robby dob dobbin hob rupert
roberta bobbie robbie berta bert bertie birdie
roberto rob beto berto tito
robin rob robbie
rocco rocky
roderick rod rick erick roddy
rodger rod bobby
rodney rod rodge
rodrigo rod rigo
roger rodge rog
roland rollie rolf lanny rollo
roman romek
romeo rome
ronald ron ronnie ronny naldo
rosa rosie rosita
rosabella belle rosa rose roz
rosalie rose rosie
rosalind rose roz lindy
rosalinda linda rosa rose roz
rosalyn rose linda roz rosa
rosamund rose roz
rosanna rose anna
rosario charo
roscoe ross
rose rosie
roseann rose ann rosie
roseanna rose anna rosie roz
roseanne rose anne rosie
rosemarie rosi rose
rosemary rose rosie romy mary rosey marie
roxana roxy
roxanna rose ann roxie
roxanne roxy rox rose ann
rudolf rudi rudy rolf
rudolph rudy
rupert ru
ruslan rus
russell russ rusty ross
ruth ruthie
ryan ry
ryszard rysiek
sabine bine
sabrina brina bri
salome sal
salvador chava sal sally
salvatore sal toto
samantha sam sammy mantha sammie samson
sampson sam
samson sam
samuel sam sammy sammie samson
sandra sandy
santiago santi iago tiago
sara sal sally
sarah sally sadie sal sara sallie sari
saul sol
savannah vannie anna savvy
scott scotty
sean shane
sebastian seb bas basti bastian seba sebby
sebastien seb bas
selina lina
selma sel
serafina fina
serena rena
sergei seryozha
sergio checo
seymour sy
shannon shan
sharon shari shaz
shaun sean
sheila cecilia
shelby shel
sheldon shel
shelley shel
shelton shel tony
sheridan dan danny sher
sheryl sher sherry
shirley shirl
sidney sid syd
siegfried sigi siggi
sigismund sig
sigmund ziggy sig
sigrid siri sigi
silas si
silvester silvio
silvia sylvie
simeon si sim
simon si sy
simone mona
socrates socky
sofia sophie sofie sonya zosia
solomon sol solly sal
sonja sonny
sophia sophie soph
sophie soph
sophronia sophie frona
spencer spence
stacey stace
stanislav stan slava
stanislaw staszek stan
stanley stan
stefan stef stefek
stefania stefi steffi
stefanie steffi stef
stella stel
stephan steph steve
stephanie steph stevie steffi annie stephie
stephen steve stevie steph stevey
steven steve stevie
stuart stu stew
sue susie
sullivan sully van
susan sue susie suzy sukie susanna susannah
susanna sue susie sanna hannah sukey
susannah sue susie sanna hannah sukey
susanne susi sanne
suzanne sue suzy susie
sven svenni
svetlana sveta lana
sybil syb
sydney syd
sylvester sly vester syl si
sylvia syl sylvie
sylvie syl
tabitha tabby tabbie
tadeusz tadek
tamara tammy mara tamar
tamarra tammy
tania tan
tatiana tanya tania tati
tatyana tanya tania
temperance tempy
terence terry tery
teresa terry tess terri tessa resi terrie tessie tracey
terrance terry
thaddeus thad ted tad
thea theo
theodora dora theo thea theda
theodore ted theo teddy teddie thad tad
theodosia theo dosia theodora
theophilus theo
theresa terry tess terri tessa tracy resi terrie tessie tracey
therese resi
thomas tom tommy thom tommie
thomasa tom tommy
thomasina tommie
tiffany tiff tiffy fanny
tilda tilly
timothee tim
timothy tim timmy timmie timo
tobiah toby
tobias toby tobi
tomas tom tomasito
tomasz tomek tom
tristan tris
trudy trude
ulrich uli ulli
ulrike uli rike ulli
ulysses lyss uly
urban urb
uriah riah
ursula uschi ursel ulla
uwe uwi
vadim vadik
valentin val
valentina val tina vallie
valentine val
valeria val lera
valerie val valeria
vanessa nessa van essa
vasily vasya
vera verochka
verena vreni
vernon vern
veronica ronnie vera roni nica franky
veronika vroni ronja vera
vicente chente vince
victor vic vick
victoria vicky tori vic vicki tory vickie vickey
viktor vik vitya
viktoria vicky viki
vincent vince vinnie vin vincenzo
vincentia vin
vincenzo enzo vince
viola vi
violet vi lettie
violetta lettie
virginia ginny ginger gina virgie jane jennie ginnie
vivian viv vi
vivienne viv
vladimir vlad vova volodya vladi
vladislav vlad slava vladik
volker volki
vyacheslav slava
wallace wally wall
walter walt wally wat
wanda wandzia
warren ren
washington wash
webster webb
wenceslas wen
wendell del
wendy wen
werner wern
wesley wes
westley wes west
wilber will bert
wilbur will
wilda willie
wilfred will fred wilf
wilhelm willi helm willy
wilhelmina minnie mina billie willa wilma minna
willard will
william will bill billy willie willy liam bela billie bell
wilma will willie
wilson will willy willie
winfield win winny field
winifred winnie freda winny freddie una
winston win winnie
wojciech wojtek
wolfgang wolf wolfi
woodrow woody
xavier xavi javi
ximena mena
yevgeny zhenya
yolanda yoli landa
yuri yura
yvonne eve
zachariah zach zack zacharias
zachary zach zack zac zacky
zbigniew zbyszek
zdenek zdenda
zebedee zeb
zebulon zeb
zedediah zed dyer
zofia zosia
zoltan zoli
`;

const lists = GROUPS.trim()
  .split("\n")
  .map((line) => line.split(" "));

/** Pairs of a given name and a nickname, each once. */
export const NICKNAME_PAIRS: readonly (readonly [name: string, nickname: string])[] = lists.flatMap(
  ([name, ...nicknames]) => nicknames.map((nickname) => [name as string, nickname] as const),
);

/** For each word, the names that it is a nickname of and its own nicknames; for each nickname, its names. */
const neighbours = new Map<string, Set<string>>();
const namesOf = new Map<string, Set<string>>();
for (const [name, nickname] of NICKNAME_PAIRS) {
  add(neighbours, name, nickname);
  add(neighbours, nickname, name);
  add(namesOf, nickname, name);
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known) known.add(value);
  else sets.set(key, new Set([value]));
}

/** The given names and nicknames that the table lists with a folded word. */
export const namesWith = (word: string): ReadonlySet<string> => neighbours.get(word) ?? new Set();

/**
 * The sound of a word, and the names that the table lists with it: names have more spellings than the table.
 */
export const soundsOf = (word: string): string[] => [
  ...new Set([word, ...namesWith(word)].flatMap((name) => soundKey(name) ?? [])),
];

/**
 * Other names that somebody called by a folded word may have: its given names or nicknames, and other
 * nicknames of these given names. Bob is Robert, and Rob.
 */
export function otherNames(word: string): string[] {
  const names = new Set(neighbours.get(word));
  for (const name of namesOf.get(word) ?? [])
    for (const other of neighbours.get(name) ?? []) names.add(other);
  names.delete(word);
  return [...names];
}
