%%% The gateway has come, and may know nothing: asks it, in the users' names, what their server would ask at a sign-in.
%%%
%%% ejabberd probes contacts when a user signs in, not when a contact's side comes back. A gateway that keeps its state in memory
%%% would leave all contacts of those who are signed in offline until their next sign-in.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_introduce).

-export([start/1]).

-include("logger.hrl").
-include_lib("xmpp/include/xmpp.hrl").

%% 200 users a second, and the rest of the server goes on.
-define(USERS_PER_ROUND, 20).
-define(MILLISECONDS_BETWEEN_ROUNDS, 100).

%% Goes through the users who are signed in now, a round at a time, for as long as there is somebody to be told.
-spec start(mod_isthmus_config:hub()) -> pid().
start(#{component := Component} = Hub) ->
    spawn(fun() ->
        Users = lists:usort([{User, Domain} || Domain <- mod_isthmus_config:domains(Component),
                                               {User, _, _} <- ejabberd_sm:get_vh_session_list(Domain)]),
        ?INFO_MSG("Introducing ~b users to ~ts", [length(Users), Component]),
        catch rounds(Users, Hub)
    end).

rounds([], _Hub) ->
    ok;
rounds(Users, #{heard := Heard} = Hub) ->
    {Round, Rest} = lists:split(min(?USERS_PER_ROUND, length(Users)), Users),
    case ets:lookup_element(Heard, live, 2) of
        0 ->
            ok;
        _ ->
            lists:foreach(fun(User) -> introduce(User, Hub) end, Round),
            timer:sleep(?MILLISECONDS_BETWEEN_ROUNDS),
            rounds(Rest, Hub)
    end.

introduce({User, Domain}, #{component := Component}) ->
    case [Pid || {_, Resource} <- ejabberd_sm:get_user_present_resources(User, Domain),
                 Pid <- [ejabberd_sm:get_session_pid(User, Domain, Resource)], is_pid(Pid)] of
        [] -> ok;
        Sessions ->
            [introduce_to(Item, jid:make(User, Domain), Sessions) || Item <- mod_isthmus_roster:contacts(User, Domain, Component)],
            ok
    end.

%% As RFC 6121 (sections 4.2.2 and 4.3.1) has a server do for a user who becomes available, to one contact.
introduce_to(#roster_item{jid = Contact, subscription = Subscription} = Item, User, Sessions) ->
    lists:member(Subscription, [to, both]) andalso ejabberd_router:route(#presence{type = probe, from = User, to = Contact}),
    mod_isthmus_roster:may_watch(Item) andalso [ejabberd_c2s:resend_presence(Session, Contact) || Session <- Sessions].
